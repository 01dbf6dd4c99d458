import { describe } from '@jest/globals';
import { closingContract } from './closing-contract.js';
import { handshakeContract } from './handshake-contract.js';
import type { EdgeListenerFactory } from './harness.js';
import { messageContract } from './message-contract.js';
import { pressureContract } from './pressure-contract.js';

/** What every EdgeListener keeps; an implementation's test file calls this with a way to open it. */
export function edgeListenerContract(name: string, factory: EdgeListenerFactory): void {
  describe(`edge listener: ${name}`, () => {
    handshakeContract(factory);
    messageContract(factory);
    pressureContract(factory);
    closingContract(factory);
  });
}
