export * from './edge-listener-contract.js';
export type { EdgeListenerFactory } from './harness.js';
export * from './raw-client.js';
