export * from './mount.js';
export * from './ports.js';
export * from './service.js';
