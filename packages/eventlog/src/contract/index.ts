import { afterAll, beforeAll, describe } from '@jest/globals';
import { appendContract } from './append-contract.js';
import { durableContract } from './durable-contract.js';
import { faultContract } from './fault-contract.js';
import { LogBench, type LogContractOptions } from './fixture.js';
import { followContract } from './follow-contract.js';
import { groupContract } from './group-contract.js';

export * from '../faulty-log.js';
export type { LogContractOptions, LogFixture } from './fixture.js';

/** Everything that an implementation of `EventLog` promises, as tests. */
export function eventLogContract(name: string, options: LogContractOptions): void {
  describe(`${name} as an event log`, () => {
    const bench = new LogBench(options);
    beforeAll(() => bench.open(), bench.timeoutMs * 3);
    afterAll(() => bench.close(), bench.timeoutMs * 3);
    appendContract(bench, options);
    followContract(bench);
    groupContract(bench);
    faultContract(bench);
    durableContract(bench, options);
  });
}
