import { afterEach, beforeEach, describe } from '@jest/globals';
import { brokenStreamContract } from './broken-stream-contract.js';
import type { RpcContractOptions, RpcFixture, Setup } from './contract-setup.js';
import { failureContract } from './failure-contract.js';
import { streamContract } from './stream-contract.js';
import { unaryContract } from './unary-contract.js';

/** What every transport of service calls promises. */
export function rpcContract(name: string, create: () => Promise<RpcFixture>, options: RpcContractOptions): void {
  describe(name, () => {
    const setup: Setup = { create, options, fixture: undefined };
    beforeEach(async () => {
      setup.fixture = await create();
    });
    afterEach(async () => {
      await setup.fixture?.dialer[Symbol.asyncDispose]();
      await setup.fixture?.server[Symbol.asyncDispose]();
    });
    describe('a unary call', () => unaryContract(setup));
    describe('a call that fails', () => failureContract(setup));
    describe('a stream', () => streamContract(setup));
    describe('a stream that breaks', () => brokenStreamContract(setup));
  });
}
