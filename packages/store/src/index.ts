export * from './history-store.js';
export * from './memory/memory-history-store.js';
export * from './memory/memory-push-store.js';
export * from './push-store.js';
