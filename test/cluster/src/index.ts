export { isAlive } from './engine-part.js';
export * from './start-cluster.js';
