export * from './history-rows.js';
export * from './history-store-contract.js';
export * from './push-store-contract.js';
