import { expect, it } from '@jest/globals';
import type { EventLog } from '@parley/eventlog';
import { systemClock } from '@parley/kernel';
import { AppendLoad, eventually } from './append-load.js';
import { describeKafka, newPrefix } from './kafka-under-test.js';

const partitions = 4;

describeKafka('a broker that fails under load', {}, (kafka) => {
  it('loses nothing acknowledged when it is killed and comes back', async () => {
    await using log = kafka.open();
    await log.createTopics([{ name: 'timeline', kind: 'log', partitions }]);
    const load = new AppendLoad(log, 'timeline', partitions);
    for (let round = 0; round < 2; round += 1) {
      await load.more(50);
      await kafka.cluster.kill(1);
      await kafka.cluster.restart(1);
      await load.more(50);
    }
    await load.finish();
    expect(load.lost).toEqual([]);
    expect(load.unknowns).toBeGreaterThan(0);
    expect(await log.ranges('timeline')).toEqual([...load.followed.values()].map((records) => ({ start: 0, end: records.length })));
  }, 120_000);

  it('loses nothing acknowledged when it freezes, and says that outcomes are unknown instead of waiting for ever', async () => {
    await using log = kafka.open();
    await log.createTopics([{ name: 'timeline', kind: 'log', partitions }]);
    const load = new AppendLoad(log, 'timeline', partitions);
    await load.more(50);
    kafka.cluster.pause(1);
    try {
      await eventually('the outcome of every append is settled', () => load.unknowns >= partitions);
    } finally {
      kafka.cluster.resume(1);
    }
    const thawedAt = systemClock.monotonic();
    await load.more(50);
    expect(systemClock.monotonic() - thawedAt).toBeLessThan(30_000);
    await load.finish();
    expect(load.lost).toEqual([]);
  }, 120_000);

  it('keeps what a member owns while the coordinator is away, and shares it out again afterwards', async () => {
    const prefix = newPrefix();
    await using log = kafka.open({ prefix });
    await using other = kafka.open({ prefix });
    await log.createTopics([{ name: 'lane', kind: 'queue', partitions }]);
    const first = new Owner(log);
    await eventually('it has all', () => first.owned.length === partitions);
    await kafka.cluster.kill(1);
    await kafka.cluster.restart(1);
    expect(first.owned).toHaveLength(partitions);
    const second = new Owner(other);
    await eventually('two share', () => first.owned.length === 2 && second.owned.length === 2);
    expect([...first.owned, ...second.owned].sort()).toEqual([0, 1, 2, 3]);
    await second.leave();
    await eventually('it has all again', () => first.owned.length === partitions);
    await first.leave();
  }, 60_000);
});

class Owner {
  owned: readonly number[] = [];
  readonly #leave = new AbortController();
  readonly #joined: Promise<void>;

  constructor(log: EventLog) {
    this.#joined = log.join({
      group: 'owners',
      topics: ['lane'],
      signal: this.#leave.signal,
      onAssigned: (numbers) => {
        this.owned = numbers;
      },
    });
  }

  async leave(): Promise<void> {
    this.#leave.abort();
    await this.#joined;
  }
}
