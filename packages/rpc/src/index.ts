export * from './port.js';
export * from './owner-directory.js';
