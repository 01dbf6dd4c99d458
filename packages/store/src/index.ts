export * from './history-store.js';
export * from './limits.js';
export * from './lmdb/lmdb-history-store.js';
export * from './lmdb/lmdb-push-store.js';
export * from './memory/memory-history-store.js';
export * from './memory/memory-push-store.js';
export * from './push-store.js';
export * from './replay.js';
