import { expect, it } from '@jest/globals';
import { collect, type LogBench, type LogContractOptions, numberedTexts, textRecord, textsOf } from './fixture.js';

/** What a durable log promises about being closed and opened again. */
export function durableContract(bench: LogBench, options: LogContractOptions): void {
  const durably = options.isDurable ? it : it.skip;

  durably(
    'has everything it acknowledged after it was opened again, at the same offsets',
    async () => {
      const specs = (['log', 'compacted'] as const).map((kind) => ({ kind, partitions: 3 }));
      const topics = await Promise.all(specs.map((spec) => bench.topic(spec)));
      for (const topic of topics) {
        await Promise.all(numberedTexts(30).map((text) => bench.log.append(topic, Number(text) % 3, [textRecord(text, text)])));
      }
      const before = await Promise.all(topics.map((topic) => bench.log.ranges(topic)));
      await bench.reopen();
      await bench.log.createTopics(topics.map((name, index) => ({ name, kind: 'log', partitions: 3, ...specs[index] })));
      expect(await Promise.all(topics.map((topic) => bench.log.ranges(topic)))).toEqual(before);
      for (const topic of topics) {
        const expected = numberedTexts(30).filter((text) => Number(text) % 3 === 1);
        expect(textsOf(await bench.readAll(topic, 1))).toEqual(expected);
      }
    },
    bench.timeoutMs,
  );

  durably(
    'goes on behind the very first record after it was opened again',
    async () => {
      const topic = await bench.topic();
      await bench.log.append(topic, 0, [textRecord('first')]);
      await bench.reopen();
      await bench.log.createTopics([{ name: topic, kind: 'log', partitions: 1 }]);
      await bench.log.append(topic, 0, [textRecord('second')]);
      expect(textsOf(await bench.readAll(topic))).toEqual(['first', 'second']);
    },
    bench.timeoutMs,
  );

  durably(
    'goes on with the next offset after it was opened again, even when all was trimmed',
    async () => {
      const topic = await bench.topic();
      await bench.log.append(
        topic,
        0,
        numberedTexts(5).map((text) => textRecord(text)),
      );
      const { end } = await bench.log.range(topic, 0);
      await bench.log.trim(topic, 0, end);
      await bench.eventually('all is gone', async () => (await bench.log.range(topic, 0)).start === end);
      await bench.reopen();
      await bench.log.createTopics([{ name: topic, kind: 'log', partitions: 1 }]);
      const collector = collect(bench.log, topic, end);
      expect(await bench.log.append(topic, 0, [textRecord('next')])).toEqual({ firstOffset: end });
      await bench.eventually('the next has arrived', () => collector.records.length === 1);
      await collector.stop();
      expect(collector.texts).toEqual(['next']);
    },
    bench.timeoutMs,
  );

  durably(
    'remembers the number of partitions',
    async () => {
      const topic = await bench.topic({ partitions: 2 });
      await bench.reopen();
      await expect(bench.log.createTopics([{ name: topic, kind: 'log', partitions: 4 }])).rejects.toThrow(topic);
      await bench.log.createTopics([{ name: topic, kind: 'log', partitions: 2 }]);
    },
    bench.timeoutMs,
  );
}
