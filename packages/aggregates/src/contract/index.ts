export * from './aggregate-suite.js';
export * from './fake-router.js';
export * from './manual-clock.js';
export * from './test-cluster.js';
