export * from './api.js';
export * from './lane-writer.js';
export { laneWriterLimits } from './limits.js';
export * from './router-client.js';
