export * from './ports.js';
export * from './service.js';
export * from './mount.js';
