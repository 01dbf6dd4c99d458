export * from './port.js';
export * from './silent.js';
