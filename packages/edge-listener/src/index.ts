export * from './open-edge-listener.js';
export * from './port.js';
export * from './probe.js';
