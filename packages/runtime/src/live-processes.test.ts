import { afterEach, describe, expect, it } from '@jest/globals';
import { createMemoryLog } from '@parley/eventlog';
import { seededRandom, systemClock } from '@parley/kernel';
import type { Owner } from '@parley/rpc';
import { silentTelemetry } from '@parley/telemetry';
import { LiveProcesses } from './live-processes.js';
import { type LogDirectory, openLogDirectory } from './log-directory.js';
import { gatewayService, publishGateway, publishProcess } from './publish-process.js';
import { ManualClock } from './testing/manual-clock.js';
import { topicSpecs } from './topic-specs.js';

const { logger } = silentTelemetry;
const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (let next = open.pop(); next !== undefined; next = open.pop()) await next[Symbol.asyncDispose]();
});

/** Two processes on one log; gateways are added in the first and counted in the second. */
async function arrange() {
  const log = createMemoryLog({ clock: systemClock });
  await log.createTopics(topicSpecs({ partitions: 2, timelineRetentionDays: 1 }));
  open.push(log);
  const clock = new ManualClock();
  const directoryOn = async (): Promise<LogDirectory> => {
    const directory = await openLogDirectory({ log, clock: systemClock, random: seededRandom(1), logger });
    open.push(directory);
    return directory;
  };
  const [there, here] = [await directoryOn(), await directoryOn()];
  const gateways = new LiveProcesses(gatewayService, here, clock);
  /** Does something that makes a gateway heard, and waits until it is. */
  const heard = async <T>(address: string, act: () => T): Promise<Awaited<T>> => {
    const came = new Promise<void>((resolve) => {
      const stop = here.onHeard((owner: Owner) => {
        if (owner.peer !== address && owner.address !== address) return;
        stop();
        resolve();
      });
    });
    const result = await act();
    await came;
    return result;
  };
  const add = (address: string, own = clock) =>
    heard(address, () => publishGateway({ directory: there, address, peer: address, clock: own }));
  return { add, heard, clock, gateways, there, directoryOn };
}

describe('the processes of a service that live', () => {
  it('are those that came and did not leave', async () => {
    const { add, heard, gateways } = await arrange();
    expect(gateways.list().length).toBe(0);
    const leave = await add('a');
    expect(gateways.list().length).toBe(1);
    await add('b');
    await add('c');
    expect(gateways.list().length).toBe(3);
    await heard('a', leave);
    expect(gateways.list().length).toBe(2);
  });

  it('are not a gateway that was lost, but those that say that they live', async () => {
    const { add, heard, gateways, clock } = await arrange();
    await add('a');
    await add('lost', new ManualClock());
    for (let round = 0; round < 4; round++) {
      expect(gateways.list().length).toBe(2);
      await heard('a', () => clock.advance(30_000));
    }
    expect(gateways.list().length).toBe(1);
  });

  it('are also those that the directory held before, until they had the time to say that they live', async () => {
    const { add, directoryOn } = await arrange();
    await add('a');
    await add('b');
    const clock = new ManualClock();
    const gateways = new LiveProcesses(gatewayService, await directoryOn(), clock);
    expect(gateways.list().length).toBe(2);
    clock.advance(200_000);
    expect(gateways.list()).toEqual([]);
  });

  it('say no more that they live once they have left', async () => {
    const { add, heard, clock } = await arrange();
    const leave = await add('a');
    expect(clock.timers).toBe(1);
    await heard('a', leave);
    expect(clock.timers).toBe(0);
  });

  it('are told apart by service', async () => {
    const { add, heard, gateways, there, clock } = await arrange();
    await add('a');
    await heard('b', () => publishProcess({ service: 'user', directory: there, address: 'b', peer: 'b', clock }));
    expect(gateways.list().map(({ address }) => address)).toEqual(['a']);
  });
});
