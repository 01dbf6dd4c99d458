import { expect, it } from '@jest/globals';
import { AppendUnknownError } from '../errors.js';
import { type AppendFault, createFaultyLog } from '../faulty-log.js';
import { type LogBench, textRecord, textsOf } from './fixture.js';

/** What can be relied on when the outcome of an append is unknown: nothing else moves, the same again is fine. */
export function faultContract(bench: LogBench): void {
  /** Appends a, b (with the fault), b again if its outcome was not known, and c. */
  const appendThree = async (topic: string, fault: AppendFault): Promise<{ error: unknown; texts: string[] }> => {
    let isFirst = true;
    const log = createFaultyLog(bench.log, {
      onAppend: ({ records }) => {
        if (new TextDecoder().decode(records[0]?.value) !== 'b' || !isFirst) return undefined;
        isFirst = false;
        return fault;
      },
    });
    await log.append(topic, 0, [textRecord('a')]);
    const error: unknown = await log.append(topic, 0, [textRecord('b')]).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error instanceof AppendUnknownError) await log.append(topic, 0, [textRecord('b')]);
    await log.append(topic, 0, [textRecord('c')]);
    await log.settle();
    return { error, texts: textsOf(await bench.readAll(topic)) };
  };

  it(
    'shows a record once or twice when its append was unknown and was repeated',
    async () => {
      const outcomes = await Promise.all(
        (['at-once', 'never', 'late'] as const).map(async (applied) =>
          appendThree(await bench.topic(), { type: 'unknown', applied, afterAppends: 2 }),
        ),
      );
      for (const { error } of outcomes) expect(error).toBeInstanceOf(AppendUnknownError);
      const [atOnce, never, late] = outcomes;
      expect(atOnce?.texts).toEqual(['a', 'b', 'b', 'c']);
      expect(never?.texts).toEqual(['a', 'b', 'c']);
      expect(late?.texts).toEqual(['a', 'b', 'c', 'b']);
    },
    bench.timeoutMs,
  );

  it(
    'shows nothing of an append that was refused',
    async () => {
      const { error, texts } = await appendThree(await bench.topic(), { type: 'refused', error: new Error('no') });
      expect(error).toEqual(new Error('no'));
      expect(texts).toEqual(['a', 'c']);
    },
    bench.timeoutMs,
  );

  it(
    'has a record in its place when only the answer is late',
    async () => {
      const topic = await bench.topic();
      let answer: () => void = () => {};
      const until = new Promise<void>((resolve) => {
        answer = resolve;
      });
      const log = createFaultyLog(bench.log, {
        onAppend: ({ records }) => (records.length === 2 ? { type: 'delayed', until } : undefined),
      });
      const delayed = log.append(topic, 0, [textRecord('a'), textRecord('b')]);
      const { firstOffset } = await log.append(topic, 0, [textRecord('c')]);
      expect(textsOf(await bench.readAll(topic))).toEqual(['a', 'b', 'c']);
      answer();
      await expect(delayed).resolves.toEqual({ firstOffset: firstOffset - 2 });
    },
    bench.timeoutMs,
  );

  it(
    'loses and repeats nothing when deliveries are held back',
    async () => {
      const topic = await bench.topic();
      const abort = new AbortController();
      const seen: string[] = [];
      const log = createFaultyLog(bench.log, { onDelivery: () => new Promise((resolve) => setImmediate(resolve)) });
      const done = log.follow(topic, 0, {
        from: 0,
        signal: abort.signal,
        onRecords: (records) => void seen.push(...textsOf(records)),
      });
      const texts = Array.from({ length: 50 }, (_, index) => `${index}`);
      for (const text of texts) await log.append(topic, 0, [textRecord(text)]);
      await bench.eventually('all has arrived', () => seen.length >= 50);
      abort.abort();
      await done;
      expect(seen).toEqual(texts);
    },
    bench.timeoutMs,
  );
}
