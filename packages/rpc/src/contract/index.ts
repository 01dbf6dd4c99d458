export type { RpcContractOptions, RpcFixture } from './contract-setup.js';
export * from './echo-service.js';
export * from './rpc-contract.js';
