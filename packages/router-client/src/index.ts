export * from './api.js';
export * from './lane-writer.js';
export * from './router-client.js';
