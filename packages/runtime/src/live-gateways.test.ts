import { afterEach, describe, expect, it } from '@jest/globals';
import { createMemoryLog } from '@parley/eventlog';
import { seededRandom, systemClock } from '@parley/kernel';
import type { Owner } from '@parley/rpc';
import { silentTelemetry } from '@parley/telemetry';
import { LiveGateways } from './live-gateways.js';
import { type LogDirectory, openLogDirectory } from './log-directory.js';
import { publishGateway } from './publish-gateway.js';
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
  const gateways = new LiveGateways(here, clock);
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
  return { add, heard, clock, gateways, directoryOn };
}

describe('the number of live gateways', () => {
  it('counts those that came and did not leave, and is never below one', async () => {
    const { add, heard, gateways } = await arrange();
    expect(gateways.count()).toBe(1);
    const leave = await add('a');
    expect(gateways.count()).toBe(1);
    await add('b');
    await add('c');
    expect(gateways.count()).toBe(3);
    await heard('a', leave);
    expect(gateways.count()).toBe(2);
  });

  it('forgets a gateway that was lost, and keeps those that say that they live', async () => {
    const { add, heard, gateways, clock } = await arrange();
    await add('a');
    await add('lost', new ManualClock());
    for (let round = 0; round < 4; round++) {
      expect(gateways.count()).toBe(2);
      await heard('a', () => clock.advance(30_000));
    }
    expect(gateways.count()).toBe(1);
  });

  it('counts what the directory held before, until it had the time to say that it lives', async () => {
    const { add, directoryOn } = await arrange();
    await add('a');
    await add('b');
    const clock = new ManualClock();
    const gateways = new LiveGateways(await directoryOn(), clock);
    expect(gateways.count()).toBe(2);
    clock.advance(200_000);
    expect(gateways.count()).toBe(1);
  });

  it('is not said any more by a gateway that left', async () => {
    const { add, heard, clock } = await arrange();
    const leave = await add('a');
    expect(clock.timers).toBe(1);
    await heard('a', leave);
    expect(clock.timers).toBe(0);
  });
});
