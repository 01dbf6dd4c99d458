export * from './history-store.js';
export * from './push-store.js';
