export * from './lane.js';
export * from './scheduler.js';
export * from './token-bucket.js';
