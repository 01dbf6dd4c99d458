export * from './lane.js';
export * from './scheduler.js';
export * from './token-bucket.js';
export * from './level-buckets.js';
export * from './policy.js';
export * from './slice-quota.js';
