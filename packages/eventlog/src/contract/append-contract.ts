import { expect, it } from '@jest/globals';
import { QueueFullError, RecordTooLargeError, UnknownTopicError } from '../errors.js';
import { recordBytesMax } from '../port.js';
import { type LogBench, type LogContractOptions, numberedTexts, textRecord, textsOf } from './fixture.js';

/** What every log promises about appending, reading and trimming. */
export function appendContract(bench: LogBench, options: LogContractOptions): void {
  it(
    'gives 200 concurrent appends 200 distinct, readable places',
    async () => {
      const topic = await bench.topic();
      const texts = numberedTexts(200);
      const appended = await Promise.all(texts.map((text) => bench.log.append(topic, 0, [textRecord(text)])));
      const records = await bench.readAll(topic);
      const byOffset = new Map(records.map((record) => [record.offset, textsOf([record])[0]]));
      expect(records).toHaveLength(200);
      expect(appended.map(({ firstOffset }) => byOffset.get(firstOffset))).toEqual(texts);
    },
    bench.timeoutMs,
  );

  it(
    'keeps the order of the calls within a partition',
    async () => {
      const topic = await bench.topic();
      const texts = numberedTexts(100);
      await Promise.all(texts.map((text) => bench.log.append(topic, 0, [textRecord(text)])));
      expect(textsOf(await bench.readAll(topic))).toEqual(texts);
    },
    bench.timeoutMs,
  );

  it(
    'keeps the records of a batch together, from the offset that it answers',
    async () => {
      const topic = await bench.topic();
      const batches = Array.from({ length: 20 }, (_, batch) => numberedTexts(1 + (batch % 5), `${batch}/`));
      const appended = await Promise.all(
        batches.map((batch) =>
          bench.log.append(
            topic,
            0,
            batch.map((text) => textRecord(text)),
          ),
        ),
      );
      const records = await bench.readAll(topic);
      batches.forEach((batch, index) => {
        const first = appended[index]?.firstOffset ?? -1;
        const stored = records.filter(({ offset }) => offset >= first && offset < first + batch.length);
        expect(textsOf(stored)).toEqual(batch);
      });
    },
    bench.timeoutMs,
  );

  it(
    'keeps many partitions and topics apart',
    async () => {
      const topics = [await bench.topic({ partitions: 16 }), await bench.topic({ partitions: 16, kind: 'queue' })];
      const places = topics.flatMap((topic) => numberedTexts(16).map((_, partition) => ({ topic, partition })));
      await Promise.all(
        numberedTexts(5).flatMap((text) =>
          places.map(({ topic, partition }) => bench.log.append(topic, partition, [textRecord(`${topic}/${partition}/${text}`)])),
        ),
      );
      for (const { topic, partition } of places) {
        expect(textsOf(await bench.readAll(topic, partition))).toEqual(numberedTexts(5, `${topic}/${partition}/`));
      }
    },
    bench.timeoutMs,
  );

  it(
    'keeps bytes, keys and a time',
    async () => {
      const topic = await bench.topic();
      const value = Uint8Array.from({ length: 256 }, (_, byte) => byte);
      await bench.log.append(topic, 0, [{ key: 'clé/1', value }, { value: new Uint8Array() }]);
      const [first, second] = await bench.readAll(topic);
      expect(first).toMatchObject({ key: 'clé/1', value: expect.objectContaining({ byteLength: 256 }) });
      expect([...(first?.value ?? [])]).toEqual([...value]);
      expect(second).toMatchObject({ key: '', value: expect.objectContaining({ byteLength: 0 }) });
      expect(first?.timeMs).toBeGreaterThan(1_600_000_000_000);
    },
    bench.timeoutMs,
  );

  it(
    'reads pages of about the size asked for, and at least one record',
    async () => {
      const topic = await bench.topic();
      const records = numberedTexts(10).map(() => ({ value: new Uint8Array(1_000) }));
      for (const record of records) await bench.log.append(topic, 0, [record]);
      const { start, end } = await bench.log.range(topic, 0);
      const tiny = await bench.log.read(topic, 0, start, { maxBytes: 1 });
      expect(tiny[0]?.offset).toBe(start);
      expect(await bench.readAll(topic)).toHaveLength(10);
      expect(await bench.log.read(topic, 0, end)).toEqual([]);
    },
    bench.timeoutMs,
  );

  it(
    'answers ranges, one by one and together',
    async () => {
      const topic = await bench.topic({ partitions: 3 });
      const { firstOffset } = await bench.log.append(topic, 1, [textRecord('a'), textRecord('b')]);
      const range = await bench.log.range(topic, 1);
      expect(range).toEqual({ start: firstOffset, end: firstOffset + 2 });
      expect(await bench.log.ranges(topic)).toEqual([await bench.log.range(topic, 0), range, await bench.log.range(topic, 2)]);
    },
    bench.timeoutMs,
  );

  it(
    'refuses to read outside of what it holds, at both ends',
    async () => {
      const topic = await bench.topic();
      await bench.log.append(
        topic,
        0,
        numberedTexts(10).map((text) => textRecord(text)),
      );
      const { start, end } = await bench.log.range(topic, 0);
      await bench.log.trim(topic, 0, start + 4);
      await bench.eventually('the trimmed records are gone', async () => (await bench.log.range(topic, 0)).start === start + 4);
      const outOfRange = { name: 'OffsetOutOfRangeError', range: { start: start + 4, end } };
      await expect(bench.log.read(topic, 0, start + 3)).rejects.toMatchObject({ ...outOfRange, offset: start + 3 });
      await expect(bench.log.read(topic, 0, end + 1)).rejects.toMatchObject({ ...outOfRange, offset: end + 1 });
      expect(textsOf(await bench.log.read(topic, 0, start + 4))).toEqual(numberedTexts(10).slice(4));
    },
    bench.timeoutMs,
  );

  it(
    'goes on with the next offset when everything was trimmed',
    async () => {
      const topic = await bench.topic();
      await bench.log.append(topic, 0, [textRecord('old'), textRecord('older')]);
      const { end } = await bench.log.range(topic, 0);
      await bench.log.trim(topic, 0, end);
      await bench.eventually('all is gone', async () => (await bench.log.range(topic, 0)).start === end);
      await bench.log.trim(topic, 0, end - 1);
      expect(await bench.log.append(topic, 0, [textRecord('new')])).toEqual({ firstOffset: end });
      expect(textsOf(await bench.readAll(topic))).toEqual(['new']);
    },
    bench.timeoutMs,
  );

  it(
    'keeps the newest record of every key of a compacted topic',
    async () => {
      const topic = await bench.topic({ kind: 'compacted' });
      for (let round = 0; round < 20; round += 1) {
        const records = ['a', 'b', 'c'].map((key) => textRecord(`${key}${round}`, key));
        await Promise.all([bench.log.append(topic, 0, records), bench.log.append(topic, 0, [textRecord(`late a${round}`, 'a')])]);
      }
      const records = await bench.readAll(topic);
      const newest = new Map(records.map((record) => [record.key, textsOf([record])[0]]));
      expect(newest).toEqual(
        new Map([
          ['a', 'late a19'],
          ['b', 'b19'],
          ['c', 'c19'],
        ]),
      );
      expect(records.map(({ offset }) => offset)).toEqual(records.map(({ offset }) => offset).sort((a, b) => a - b));
    },
    bench.timeoutMs,
  );

  it(
    'takes the largest record and refuses a larger one, appending nothing of its batch',
    async () => {
      const topic = await bench.topic();
      const largest = { value: new Uint8Array(recordBytesMax).fill(1) };
      const larger = { value: new Uint8Array(recordBytesMax + 1) };
      await bench.log.append(topic, 0, [largest]);
      await expect(bench.log.append(topic, 0, [textRecord('small'), larger])).rejects.toThrow(RecordTooLargeError);
      await bench.log.append(topic, 0, [textRecord('next')]);
      const records = await bench.readAll(topic);
      expect(records.map(({ value }) => value.byteLength)).toEqual([recordBytesMax, 4]);
    },
    bench.timeoutMs,
  );

  it(
    'says so when a topic or partition does not exist',
    async () => {
      const topic = await bench.topic();
      await expect(bench.log.append('no-such-topic', 0, [textRecord('x')])).rejects.toThrow(UnknownTopicError);
      await expect(bench.log.append(topic, 1, [textRecord('x')])).rejects.toThrow(UnknownTopicError);
      await expect(bench.log.read(topic, 1, 0)).rejects.toThrow(UnknownTopicError);
      await expect(bench.log.range('no-such-topic', 0)).rejects.toThrow(UnknownTopicError);
    },
    bench.timeoutMs,
  );

  it(
    'creates a topic once, and refuses it with another number of partitions',
    async () => {
      const topic = await bench.topic({ partitions: 2 });
      await bench.log.append(topic, 1, [textRecord('kept')]);
      await bench.log.createTopics([{ name: topic, partitions: 2, kind: 'log' }]);
      await expect(bench.log.createTopics([{ name: topic, partitions: 3, kind: 'log' }])).rejects.toThrow(topic);
      expect(textsOf(await bench.readAll(topic, 1))).toEqual(['kept']);
    },
    bench.timeoutMs,
  );

  const { queueBytesMax } = options;
  (queueBytesMax === undefined ? it.skip : it)(
    'refuses what does not fit into a queue, and takes it again after a trim',
    async () => {
      const topic = await bench.topic({ kind: 'queue', partitions: 2 });
      const record = { value: new Uint8Array(Math.ceil((queueBytesMax ?? 0) / 10)) };
      const outcomes = await Promise.allSettled(numberedTexts(20).map(() => bench.log.append(topic, 0, [record])));
      const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
      expect(refused.length).toBeGreaterThan(0);
      for (const outcome of refused) expect(outcome.reason).toBeInstanceOf(QueueFullError);
      const { start, end } = await bench.log.range(topic, 0);
      expect(end - start).toBe(20 - refused.length);
      await bench.log.append(topic, 1, [record]);
      await bench.log.trim(topic, 0, start + 1);
      await expect(bench.log.append(topic, 0, [record])).resolves.toEqual({ firstOffset: end });
    },
    bench.timeoutMs,
  );
}
