import { expect, it } from '@jest/globals';
import { kafkaVersions } from '@parley/engines';
import { sleep, systemClock } from '@parley/kernel';
import { Kafka, logLevel } from 'kafkajs';
import { AppendLoad, eventually } from './append-load.js';
import { describeKafka } from './kafka-under-test.js';

const partitions = 12;
const brokers = [1, 2, 3];

/** How long no partition may stand still after one of three brokers is gone; fencing takes 3 s here, the controller 7. */
const stallMsMax = 20_000;

for (const version of kafkaVersions) {
  describeKafka(`one of three brokers, Kafka ${version}`, { nodes: 3, version }, (kafka) => {
    const stalls: string[] = [];
    const measure = async (what: string, load: AppendLoad): Promise<void> => {
      const from = systemClock.monotonic();
      await load.more(5); // what was on its way when the broker went does not count
      const stallMs = Math.round(systemClock.monotonic() - from);
      stalls.push(`${what}: ${stallMs} ms`);
      expect(stallMs).toBeLessThan(stallMsMax);
    };

    /** Waits until every replica is in sync again, so that the next fault is the only one. */
    const heal = async (): Promise<void> => {
      const admin = new Kafka({ brokers: [...kafka.cluster.bootstrap], logLevel: logLevel.NOTHING }).admin();
      await admin.connect();
      for (let isWhole = false; !isWhole; ) {
        const { topics } = await admin.fetchTopicMetadata();
        isWhole = topics.every(({ partitions: some }) => some.every(({ isr }) => isr.length === brokers.length));
        if (!isWhole) await sleep(systemClock, 100);
      }
      await admin.disconnect();
    };

    it('may be killed: nothing acknowledged is lost', async () => {
      await using log = kafka.open();
      await log.createTopics([{ name: 'timeline', kind: 'log', partitions }]);
      const load = new AppendLoad(log, 'timeline', partitions);
      for (const broker of brokers) {
        await load.more(100);
        await kafka.cluster.kill(broker);
        await measure(`kill ${broker}`, load);
        await kafka.cluster.restart(broker);
        await heal();
      }
      await load.finish();
      expect(load.lost).toEqual([]);
      process.stderr.write(`${stalls.splice(0).join('\n')}\n${load.acknowledged.length} records, ${load.unknowns} unknown\n`);
    }, 300_000);

    it('may freeze: the others go on, and nothing acknowledged is lost', async () => {
      await using log = kafka.open();
      await log.createTopics([{ name: 'timeline', kind: 'log', partitions }]);
      const load = new AppendLoad(log, 'timeline', partitions);
      for (const broker of brokers) {
        await load.more(100);
        kafka.cluster.pause(broker);
        await measure(`freeze ${broker}`, load);
        kafka.cluster.resume(broker);
        await heal();
      }
      await load.finish();
      expect(load.lost).toEqual([]);
      process.stderr.write(`${stalls.splice(0).join('\n')}\n${load.acknowledged.length} records, ${load.unknowns} unknown\n`);
    }, 300_000);

    it('may be the coordinator of a group and freeze: the group goes on', async () => {
      await using log = kafka.open();
      await log.createTopics([{ name: 'lane', kind: 'queue', partitions }]);
      for (const broker of brokers) {
        const leave = new AbortController();
        const assignments: (readonly number[])[] = [];
        const onAssigned = (numbers: readonly number[]): void => void assignments.push(numbers);
        const join = (group: string): Promise<void> => log.join({ group, topics: ['lane'], signal: leave.signal, onAssigned });
        const joined = [join(`owners-${broker}-a`), join(`owners-${broker}-b`)];
        await eventually('both groups are there', () => assignments.length >= 2);
        kafka.cluster.pause(broker);
        joined.push(join(`owners-${broker}-c`), join(`owners-${broker}-d`));
        await eventually('two more groups are there', () => assignments.length >= 4);
        kafka.cluster.resume(broker);
        leave.abort();
        await Promise.all(joined);
        await heal();
      }
    }, 300_000);
  });
}
