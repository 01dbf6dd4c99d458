export * from './start-cluster.js';
