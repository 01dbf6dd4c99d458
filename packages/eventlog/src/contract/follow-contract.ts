import { expect, it } from '@jest/globals';
import { OffsetOutOfRangeError } from '../errors.js';
import type { StoredRecord } from '../port.js';
import { collect, type LogBench, numberedTexts, textRecord, textsOf } from './fixture.js';

/** What every log promises to its followers. */
export function followContract(bench: LogBench): void {
  const append = (topic: string, texts: readonly string[]): Promise<unknown> =>
    Promise.all(texts.map((text) => bench.log.append(topic, 0, [textRecord(text)])));

  it.each(['log', 'queue'] as const)(
    'follows a %s from an offset, and on into what comes',
    async (kind) => {
      const topic = await bench.topic({ kind });
      await append(topic, numberedTexts(10, 'before '));
      const { start } = await bench.log.range(topic, 0);
      const collector = collect(bench.log, topic, start + 3);
      await bench.eventually('what was there has arrived', () => collector.records.length === 7);
      await append(topic, numberedTexts(50, 'after '));
      await bench.eventually('what came has arrived', () => collector.records.length === 57);
      await collector.stop();
      expect(collector.texts).toEqual([...numberedTexts(10, 'before ').slice(3), ...numberedTexts(50, 'after ')]);
      expect(collector.records.map(({ offset }) => offset)).toEqual(Array.from({ length: 57 }, (_, index) => start + 3 + index));
    },
    bench.timeoutMs,
  );

  it(
    'gives every follower everything, whenever it begins',
    async () => {
      const topic = await bench.topic();
      const early = collect(bench.log, topic, 0);
      const texts = numberedTexts(300);
      await append(topic, texts.slice(0, 150));
      const middle = collect(bench.log, topic, 0);
      await append(topic, texts.slice(150));
      const late = collect(bench.log, topic, 0);
      for (const collector of [early, middle, late]) {
        await bench.eventually('all has arrived', () => collector.records.length >= texts.length);
        await collector.stop();
        expect(collector.texts).toEqual(texts);
      }
    },
    bench.timeoutMs,
  );

  it(
    'waits for a slow follower, hands it everything, and does not let it hold up another',
    async () => {
      const topic = await bench.topic();
      const abort = new AbortController();
      const seen: StoredRecord[] = [];
      let running = 0;
      let runningMax = 0;
      let release: () => void = () => {};
      const gate = new Promise<void>((resolve) => {
        release = resolve;
      });
      const slow = bench.log.follow(topic, 0, {
        from: 0,
        signal: abort.signal,
        onRecords: async (records) => {
          running += 1;
          runningMax = Math.max(runningMax, running);
          await gate;
          seen.push(...records);
          running -= 1;
        },
      });
      const fast = collect(bench.log, topic, 0);
      // More than any follower is given at once.
      const big = numberedTexts(40).map((text) => text.padEnd(50_000));
      for (const text of big) await append(topic, [text]);
      await bench.eventually('the fast one has everything', () => fast.records.length === big.length);
      expect(seen).toEqual([]);
      release();
      await bench.eventually('the slow one has everything', () => seen.length === big.length);
      abort.abort();
      await slow;
      await fast.stop();
      expect(textsOf(seen)).toEqual(big);
      expect(runningMax).toBe(1);
    },
    bench.timeoutMs,
  );

  it(
    'hands over nothing after the follower was stopped',
    async () => {
      const topic = await bench.topic();
      const collector = collect(bench.log, topic, 0);
      await append(topic, ['one']);
      await bench.eventually('it has arrived', () => collector.records.length === 1);
      await collector.stop();
      const witness = collect(bench.log, topic, 0);
      await append(topic, ['two']);
      await bench.eventually('another follower sees it', () => witness.records.length === 2);
      await witness.stop();
      expect(collector.texts).toEqual(['one']);
    },
    bench.timeoutMs,
  );

  it(
    'begins again where a reader left off',
    async () => {
      const topic = await bench.topic();
      const first = collect(bench.log, topic, 0);
      await append(topic, numberedTexts(20));
      await bench.eventually('some have arrived', () => first.records.length >= 5);
      await first.stop();
      const position = (first.records.at(-1)?.offset ?? -1) + 1;
      await append(topic, numberedTexts(20, 'more '));
      const second = collect(bench.log, topic, position);
      await bench.eventually('the rest has arrived', () => first.records.length + second.records.length === 40);
      await second.stop();
      expect([...first.texts, ...second.texts]).toEqual([...numberedTexts(20), ...numberedTexts(20, 'more ')]);
    },
    bench.timeoutMs,
  );

  it(
    'refuses to follow from where there is nothing, at both ends',
    async () => {
      const topic = await bench.topic();
      await append(topic, numberedTexts(5));
      const { start, end } = await bench.log.range(topic, 0);
      await bench.log.trim(topic, 0, start + 2);
      await bench.eventually('the trimmed are gone', async () => (await bench.log.range(topic, 0)).start === start + 2);
      await expect(collect(bench.log, topic, start).done).rejects.toThrow(OffsetOutOfRangeError);
      await expect(collect(bench.log, topic, end + 1).done).rejects.toThrow(OffsetOutOfRangeError);
      const atEnd = collect(bench.log, topic, end);
      await append(topic, ['next']);
      await bench.eventually('the next has arrived', () => atEnd.records.length === 1);
      await atEnd.stop();
      expect(atEnd.texts).toEqual(['next']);
    },
    bench.timeoutMs,
  );

  it(
    'ends with the error that the follower throws',
    async () => {
      const topic = await bench.topic();
      await append(topic, ['bad']);
      const follow = (onRecords: () => void | Promise<void>): Promise<void> =>
        bench.log.follow(topic, 0, { from: 0, signal: new AbortController().signal, onRecords });
      await expect(
        follow(() => {
          throw new Error('cannot digest');
        }),
      ).rejects.toThrow('cannot digest');
      await expect(follow(() => Promise.reject(new Error('nor later')))).rejects.toThrow('nor later');
    },
    bench.timeoutMs,
  );

  it(
    'ends at once when it was stopped before it began',
    async () => {
      const topic = await bench.topic();
      await append(topic, ['unseen']);
      const seen: StoredRecord[] = [];
      const onRecords = (records: readonly StoredRecord[]): void => void seen.push(...records);
      await bench.log.follow(topic, 0, { from: 0, signal: AbortSignal.abort(), onRecords });
      expect(seen).toEqual([]);
    },
    bench.timeoutMs,
  );
}
