export * from './echo-service.js';
export * from './rpc-contract.js';
