import { afterEach, describe, expect, it } from '@jest/globals';
import { topics } from '@parley/contracts/topics';
import { AppendUnknownError, createMemoryLog, type EventLog } from '@parley/eventlog';
import { seededRandom, systemClock } from '@parley/kernel';
import type { Owner } from '@parley/rpc';
import { silentTelemetry } from '@parley/telemetry';
import { openLogDirectory } from './log-directory.js';
import { topicSpecs } from './topic-specs.js';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (let next = open.pop(); next !== undefined; next = open.pop()) await next[Symbol.asyncDispose]();
});

async function newLog(): Promise<EventLog> {
  const log = createMemoryLog({ clock: systemClock });
  open.push(log);
  await log.createTopics(topicSpecs({ partitions: 2, timelineRetentionDays: 1 }));
  return log;
}

async function directoryOn(log: EventLog) {
  const directory = await openLogDirectory({ log, clock: systemClock, random: seededRandom(1), logger: silentTelemetry.logger });
  open.push(directory);
  return directory;
}

const owner = (address: string, fence: number, partition = 1): Owner => ({ service: 'router', partition, fence, address, peer: address });

const changeOf = (directory: { onChange(listener: (owner: Owner) => void): () => void }): Promise<Owner> =>
  new Promise((resolve) => {
    const stop = directory.onChange((changed) => {
      stop();
      resolve(changed);
    });
  });

/** The log, except that nothing that is appended comes to those who follow. */
const withoutFollowing = (log: EventLog): EventLog =>
  new Proxy(log, {
    get: (target, key) => {
      if (key !== 'follow') return Reflect.get(target, key).bind(target);
      return (...[, , { signal }]: Parameters<EventLog['follow']>) =>
        new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    },
  });

describe('the directory on the log', () => {
  it('knows at once what it published itself', async () => {
    const directory = await directoryOn(withoutFollowing(await newLog()));
    await directory.publish(owner('a', 5));
    expect(directory.ownerOf('router', 1)).toEqual(owner('a', 5));
    expect(directory.peersOf('router')).toHaveLength(1);
  });

  it('knows everything published before it was opened', async () => {
    const log = await newLog();
    const first = await directoryOn(log);
    await first.publish(owner('a', 5));
    await first.publish(owner('b', 9));
    await first.publish(owner('c', 1, 0));
    const second = await directoryOn(withoutFollowing(log));
    expect([second.ownerOf('router', 1)?.address, second.ownerOf('router', 0)?.address]).toEqual(['b', 'c']);
  });

  it('hears what others publish, and ignores former owners', async () => {
    const log = await newLog();
    const [here, there] = [await directoryOn(log), await directoryOn(log)];
    const heard = changeOf(here);
    await there.publish(owner('new', 7));
    expect(await heard).toEqual(owner('new', 7));
    await here.publish(owner('zombie', 3));
    expect(here.ownerOf('router', 1)?.address).toBe('new');
  });

  it('keeps to the order of the log when its own publication returns late', async () => {
    const log = await newLog();
    const other = await directoryOn(log);
    let heard: Promise<Owner> = Promise.resolve(owner('', 0));
    const late: EventLog = new Proxy(log, {
      get: (target, key) => {
        if (key !== 'append') return Reflect.get(target, key).bind(target);
        return async (...args: Parameters<EventLog['append']>) => {
          const appended = await target.append(...args);
          await other.publish(owner('later', 0));
          await heard;
          return appended;
        };
      },
    });
    const directory = await directoryOn(late);
    heard = new Promise((resolve) => directory.onChange((changed) => changed.address === 'later' && resolve(changed)));
    await directory.publish(owner('earlier', 0));
    expect(directory.ownerOf('router', 1)?.address).toBe('later');
  });

  it('skips records that it cannot read', async () => {
    const log = await newLog();
    await log.append(topics.owners, 0, [{ key: 'x', value: Uint8Array.of(0xff, 0xff) }]);
    const directory = await directoryOn(log);
    const heard = changeOf(directory);
    await log.append(topics.owners, 0, [{ key: 'x', value: Uint8Array.of(0xff) }]);
    await directory.publish(owner('a', 1));
    expect((await heard).address).toBe('a');
  });

  it('publishes again when the outcome is unknown, and not for ever', async () => {
    const log = await newLog();
    let failures = 1;
    const flaky: EventLog = new Proxy(log, {
      get: (target, key) => {
        if (key !== 'append') return Reflect.get(target, key).bind(target);
        return async (...args: Parameters<EventLog['append']>) => {
          if (failures-- > 0) throw new AppendUnknownError('lost');
          return target.append(...args);
        };
      },
    });
    const directory = await directoryOn(flaky);
    await directory.publish(owner('a', 1));
    expect(directory.ownerOf('router', 1)?.address).toBe('a');
    failures = 1_000;
    await expect(directory.publish(owner('b', 2))).rejects.toThrow('lost');
  });

  it('goes on after its topic could not be followed', async () => {
    const log = await newLog();
    let isBroken = true;
    const flaky: EventLog = new Proxy(log, {
      get: (target, key) => {
        if (key !== 'follow') return Reflect.get(target, key).bind(target);
        return async (...args: Parameters<EventLog['follow']>) => {
          if (isBroken) {
            isBroken = false;
            throw new Error('broken');
          }
          return target.follow(...args);
        };
      },
    });
    const directory = await directoryOn(flaky);
    const heard = changeOf(directory);
    await (await directoryOn(log)).publish(owner('b', 2));
    expect((await heard).address).toBe('b');
  });
});
