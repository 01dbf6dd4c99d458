import { afterEach, expect, it } from '@jest/globals';
import type { EventLog } from '@parley/eventlog';
import { eventually } from './append-load.js';
import { BrokerRelay } from './broker-relay.js';
import { describeKafka } from './kafka-under-test.js';

const partitions = 2;
const lanes = ['lane.high', 'lane.low'] as const;

describeKafka('lanes on one broker', {}, (kafka) => {
  const open: AsyncDisposable[] = [];
  afterEach(async () => {
    for (let next = open.pop(); next !== undefined; next = open.pop()) await next[Symbol.asyncDispose]();
  });

  /** A log whose requests pass through a relay, with a record in every partition of both lanes. */
  async function arrange() {
    const [broker = ''] = kafka.cluster.bootstrap;
    const relay = await BrokerRelay.open(broker);
    open.push(relay);
    const log = kafka.open({ brokers: [relay.address] });
    open.push(log);
    await log.createTopics(lanes.map((name) => ({ name, kind: 'queue', partitions })));
    for (const lane of lanes) for (let p = 0; p < partitions; p += 1) await log.append(lane, p, [{ value: Buffer.from('before') }]);
    return { relay, log };
  }

  it('have connections of their own for every kind of request', async () => {
    const { relay, log } = await arrange();
    for (const lane of lanes) {
      const seen = await follow(log, lane);
      await eventually(`${lane} is read to its end`, () => seen.texts.length === partitions);
      await log.trim(lane, 0, 1);
      await log.append(lane, 1, [{ value: Buffer.from('after') }]);
      await eventually(`${lane} is followed`, () => seen.texts.includes('after'));
      await seen.stop();
    }
    const used = (['produce', 'fetch', 'listOffsets', 'deleteRecords'] as const).flatMap((api) =>
      lanes.map((lane) => ({ api, lane, connections: relay.connectionsOf(api, lane) })),
    );
    for (const { connections } of used) expect(connections.size).toBeGreaterThan(0);
    const all = used.flatMap(({ connections }) => [...connections]);
    expect(new Set(all).size).toBe(all.length);
  });

  it('do not wait for each other: HIGH goes on while the broker sits on everything that LOW asked for', async () => {
    const { relay, log } = await arrange();
    const lowBefore = await follow(log, 'lane.low');
    await eventually('LOW is followed', () => lowBefore.texts.length === partitions);
    const release = relay.hold(['produce', 'fetch', 'listOffsets', 'deleteRecords'], 'lane.low');
    const waiting = [
      log.append('lane.low', 0, [{ value: Buffer.from('held') }]),
      log.read('lane.low', 0, 0),
      log.range('lane.low', 0),
      log.trim('lane.low', 1, 1),
    ];
    let settled = 0;
    for (const each of waiting) void each.finally(() => (settled += 1)).catch(() => {});
    await eventually('the broker sits on all of LOW', () => relay.held >= waiting.length + 1);
    const { held } = relay;

    const high = await follow(log, 'lane.high');
    for (let number = 0; number < 20; number += 1) {
      await log.append('lane.high', number % partitions, [{ value: Buffer.from(`high ${number}`) }]);
      await eventually('HIGH arrives', () => high.texts.includes(`high ${number}`));
    }
    expect((await log.read('lane.high', 0, 0)).length).toBe(11);
    expect(await log.range('lane.high', 1)).toEqual({ start: 0, end: 11 });
    await log.trim('lane.high', 1, 1);
    // Nor was anything given up and asked for again, which would let HIGH through after a time-out.
    expect({ settled, held: relay.held, heard: lowBefore.texts.length }).toEqual({ settled: 0, held, heard: partitions });

    release();
    await Promise.all(waiting);
    await eventually('LOW arrives', () => lowBefore.texts.includes('held'));
    await Promise.all([lowBefore.stop(), high.stop()]);
  }, 30_000);
});

/** Follows all partitions of a lane from their beginning. */
async function follow(log: EventLog, lane: string) {
  const stop = new AbortController();
  const texts: string[] = [];
  const from = (await log.ranges(lane)).map(({ start }) => start);
  const followers = from.map((start, partition) =>
    log.follow(lane, partition, {
      from: start,
      signal: stop.signal,
      onRecords: (records) => void texts.push(...records.map(({ value }) => Buffer.from(value).toString())),
    }),
  );
  return {
    texts,
    stop: async (): Promise<void> => {
      stop.abort();
      await Promise.all(followers);
    },
  };
}
