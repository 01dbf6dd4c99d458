import { describe, expect, it } from '@jest/globals';
import { encodeOwnedRecord, encodeSnapshotPointer, OwnedRecordKind } from '@parley/contracts/events';
import { topics } from '@parley/contracts/topics';
import { createMemoryLog, type EventLog, RecordTooLargeError } from '@parley/eventlog';
import { type AppendFault, createFaultyLog, randomFaults } from '@parley/eventlog/contract';
import { seededRandom, systemClock, systemRandom } from '@parley/kernel';
import type { AcceptedRecord, ClaimOptions, OwnedDraft, OwnedLogDeps, PartitionOwner } from './api.js';
import { claimPartition } from './claim-partition.js';
import { OwnedRecordInvalidError, OwnershipLostError, SnapshotBrokenError } from './errors.js';
import { followOwned } from './follow-owned.js';
import { recoverPartition } from './recover-partition.js';
import { takeSnapshot } from './take-snapshot.js';

const topic = 'group.events';
const place = { topic, partition: 0 };
const unhindered = new AbortController().signal;

const text = (words: string, key = ''): OwnedDraft => ({ key, payload: new TextEncoder().encode(words) });
const textOf = ({ payload }: AcceptedRecord): string => new TextDecoder().decode(payload);

async function memoryLog(): Promise<EventLog> {
  const log = createMemoryLog({ clock: systemClock });
  const { snapshots } = topics;
  await log.createTopics([
    { name: topic, partitions: 1, kind: 'log' },
    { name: snapshots, partitions: 1, kind: 'compacted' },
  ]);
  return log;
}

const depsOn = (log: EventLog): OwnedLogDeps => ({ log, clock: systemClock, random: systemRandom });

const claim = (log: EventLog, options: Partial<ClaimOptions> = {}): Promise<PartitionOwner> =>
  claimPartition(depsOn(log), { ...place, signal: unhindered, onRecord: () => {}, ...options });

/** What a new reader sees of the whole log. */
async function textsIn(log: EventLog): Promise<readonly string[]> {
  const texts: string[] = [];
  await recoverPartition(depsOn(log), { ...place, signal: unhindered, onRecord: (record) => texts.push(textOf(record)) });
  return texts;
}

/** Each append takes the next planned fault. */
const planned = (log: EventLog, faults: readonly (AppendFault | undefined)[]) => {
  const left = [...faults];
  return createFaultyLog(log, { onAppend: () => left.shift() });
};

const unknown = (applied: 'at-once' | 'never' | 'late'): AppendFault => ({ type: 'unknown', applied });

describe('an owner', () => {
  it('hands its successor everything that it appended, and the positions', async () => {
    const log = await memoryLog();
    const first = await claim(log);
    await first.append([
      {
        ...text('one'),
        positions: new Map([
          ['lane.high', 4],
          ['lane.low', 2],
        ]),
      },
      text('two'),
    ]);
    await first.append([{ payload: new Uint8Array(0), positions: new Map([['lane.low', 3]]) }]);
    const folded: string[] = [];
    const second = await claim(log, { onRecord: (record) => folded.push(textOf(record)) });
    expect(folded).toEqual(['one', 'two', '']);
    expect([...second.positions]).toEqual([
      ['lane.high', 4],
      ['lane.low', 3],
    ]);
    expect(second.position.index).toBe(3);
  });

  it.each(['at-once', 'never', 'late'] as const)('appends once when the answer is lost and the records arrive %s', async (applied) => {
    const log = await memoryLog();
    const owner = await claim(planned(log, [undefined, unknown(applied)]));
    await owner.append([text('one'), text('two')]);
    const end = await owner.append([text('three')]);
    expect(await textsIn(log)).toEqual(['one', 'two', 'three']);
    expect(end).toEqual({ ...owner.position, index: 3 });
  });

  it('loses the partition to another claim, acknowledges nothing after it and leaves nothing for readers', async () => {
    const log = await memoryLog();
    const zombie = await claim(log);
    await zombie.append([text('before')]);
    const owner = await claim(log);
    await expect(zombie.append([text('late')])).rejects.toMatchObject({ name: 'OwnershipLostError', loss: 'claimed' });
    expect(zombie.lost.reason).toBeInstanceOf(OwnershipLostError);
    await expect(zombie.append([text('later')])).rejects.toBeInstanceOf(OwnershipLostError);
    await owner.append([text('after')]);
    expect(await textsIn(log)).toEqual(['before', 'after']);
  });

  it('gives up when a late copy of its own claim ends its fence', async () => {
    const log = await memoryLog();
    // The first claim is lost on the way and turns up behind the second.
    const owner = await claim(planned(log, [unknown('late')]));
    await expect(owner.append([text('one')])).rejects.toMatchObject({ loss: 'claimed-twice' });
    expect(await textsIn(log)).toEqual([]);
  });

  it('learns about another claim without appending', async () => {
    const log = await memoryLog();
    const zombie = await claim(log);
    await zombie.confirm();
    await claim(log);
    await expect(zombie.confirm()).rejects.toMatchObject({ loss: 'claimed' });
  });

  it('goes on after a definite refusal with the same index', async () => {
    const log = await memoryLog();
    const owner = await claim(planned(log, [undefined, { type: 'refused', error: new RecordTooLargeError('too large') }]));
    await expect(owner.append([text('huge')])).rejects.toBeInstanceOf(RecordTooLargeError);
    await expect(owner.append([text('one')])).resolves.toMatchObject({ index: 1 });
    expect(await textsIn(log)).toEqual(['one']);
  });

  it('gives up when a batch that may be in the log is then refused: its indexes cannot be used again', async () => {
    const log = await memoryLog();
    const refused: AppendFault = { type: 'refused', error: new RecordTooLargeError('too large') };
    const owner = await claim(planned(log, [undefined, unknown('at-once'), refused]));
    await expect(owner.append([text('one')])).rejects.toMatchObject({ loss: 'log-broken' });
  });

  it('tries again after a passing failure', async () => {
    const log = await memoryLog();
    const owner = await claim(planned(log, [{ type: 'refused' }, undefined, { type: 'refused' }]));
    await owner.append([text('one')]);
    expect(await textsIn(log)).toEqual(['one']);
  });

  it('runs overlapping appends one after the other, in the order of the calls', async () => {
    const log = await memoryLog();
    const owner = await claim(planned(log, [undefined, unknown('never')]));
    const ends = await Promise.all(['one', 'two', 'three'].map((words) => owner.append([text(words)])));
    expect(ends.map(({ index }) => index)).toEqual([1, 2, 3]);
    expect(await textsIn(log)).toEqual(['one', 'two', 'three']);
  });

  it('stops when its signal is aborted, also in the middle of trying', async () => {
    const log = await memoryLog();
    const stop = new AbortController();
    const faulty = createFaultyLog(log, {
      onAppend: ({ records }) => {
        if (records.length < 2) return undefined;
        stop.abort(new Error('stopping'));
        return unknown('never');
      },
    });
    const owner = await claim(faulty, { signal: stop.signal });
    await expect(owner.append([text('one'), text('two')])).rejects.toMatchObject({ loss: 'released' });
    expect(owner.lost.aborted).toBe(true);
  });

  it('gives the partition up when folding its own records fails', async () => {
    const onAppended = (): void => {
      throw new Error('cannot fold');
    };
    const owner = await claim(await memoryLog(), { onAppended });
    await expect(owner.append([text('one')])).rejects.toThrow('cannot fold');
    expect(owner.lost.aborted).toBe(true);
  });

  it('reads the log once, however often it appends', async () => {
    const log = await memoryLog();
    let reads = 0;
    const counting: EventLog = {
      ...createFaultyLog(log, {}),
      read: (...call) => {
        reads++;
        return log.read(...call);
      },
    };
    const owner = await claim(counting);
    const atStart = reads;
    for (let count = 0; count < 50; count++) await owner.append([text('x')]);
    expect(reads).toBe(atStart);
  });

  it('keeps order and loses nothing over a long run of random faults', async () => {
    const log = await memoryLog();
    const rates = { refused: 0.05, unknownAtOnce: 0.05, unknownNever: 0.05, unknownLate: 0.05 };
    const faulty = createFaultyLog(log, randomFaults(seededRandom(5), rates));
    const acknowledged: string[] = [];
    let owner = await claim(faulty);
    for (let count = 0; count < 150; count++) {
      if (owner.lost.aborted || count % 40 === 39) owner = await claim(faulty);
      const words = `${count}`;
      await owner.append([text(words)]).then(
        () => acknowledged.push(words),
        (error: unknown) => {
          if (!(error instanceof OwnershipLostError)) throw error;
        },
      );
    }
    await faulty.settle();
    const texts = await textsIn(log);
    expect(texts.filter((words) => acknowledged.includes(words))).toEqual(acknowledged);
    expect(new Set(texts).size).toBe(texts.length);
    expect(acknowledged.length).toBeGreaterThan(120);
  });
});

describe('a snapshot', () => {
  /** Claims and keeps the last text of each key. */
  async function claimTexts(log: EventLog): Promise<{ owner: PartitionOwner; texts: Map<string, string>; folded: string[] }> {
    const texts = new Map<string, string>();
    const folded: string[] = [];
    const decoder = new TextDecoder();
    const owner = await claim(log, {
      onRecord: (record) => {
        folded.push(textOf(record));
        texts.set(record.key, textOf(record));
      },
      onAppended: (drafts) => {
        for (const { key = '', payload } of drafts) texts.set(key, decoder.decode(payload));
      },
      snapshots: { onState: (key, state) => texts.set(key, decoder.decode(state)) },
    });
    return { owner, texts, folded };
  }

  function* statesOf(texts: ReadonlyMap<string, string>): Generator<readonly [string, Uint8Array]> {
    for (const [key, words] of texts) yield [key, new TextEncoder().encode(words)] as const;
  }

  it('replaces what lies before it, in parts of bounded size, and keeps the positions', async () => {
    const log = await memoryLog();
    const { owner, texts } = await claimTexts(log);
    await owner.append([{ ...text('a'.repeat(100), 'a'), positions: new Map([['lane.high', 8]]) }, text('b', 'b')]);
    await takeSnapshot(owner, statesOf(texts), { partBytes: 40 });
    await owner.append([text('c', 'c')]);
    const next = await claimTexts(log);
    expect(next.folded).toEqual(['c']);
    expect([...next.texts]).toEqual([
      ['a', 'a'.repeat(100)],
      ['b', 'b'],
      ['c', 'c'],
    ]);
    expect([...next.owner.positions]).toEqual([['lane.high', 8]]);
  });

  it('is not used before its last part is in', async () => {
    const log = await memoryLog();
    const { owner, texts } = await claimTexts(log);
    await owner.append([text('1', 'a'), text('2', 'b')]);
    const writer = owner.beginSnapshot(statesOf(texts), { partBytes: 1 });
    expect(await writer.next()).toBe(false);
    const next = await claimTexts(log);
    expect(next.folded).toEqual(['1', '2']);
    await expect(writer.next()).rejects.toBeInstanceOf(OwnershipLostError);
  });

  it('leaves the parts of another one alone that ends in its middle', async () => {
    const log = await memoryLog();
    const { owner, texts } = await claimTexts(log);
    await owner.append([text('1', 'a'), text('2', 'b')]);
    const early = owner.beginSnapshot(statesOf(texts), { partBytes: 1 });
    await early.next();
    const late = owner.beginSnapshot(statesOf(texts), { partBytes: 1 });
    await late.next();
    while (!(await early.next()));
    await owner.append([text('3', 'b')]);
    while (!(await late.next()));
    const next = await claimTexts(log);
    // The record for b came before the part that brings b.
    expect(next.folded).toEqual([]);
    expect([...next.texts]).toEqual([
      ['a', '1'],
      ['b', '3'],
    ]);
  });

  it('fails for good when its entries fail', async () => {
    const { owner } = await claimTexts(await memoryLog());
    function* broken(): Generator<readonly [string, Uint8Array]> {
      yield ['a', new Uint8Array(8)] as const;
      throw new Error('cannot encode');
    }
    const writer = owner.beginSnapshot(broken());
    await expect(writer.next()).rejects.toThrow('cannot encode');
    await expect(writer.next()).rejects.toThrow('failed before');
    await owner.append([text('goes on')]);
  });

  it('is found through the furthest pointer, whatever was written last', async () => {
    const log = await memoryLog();
    const { owner, texts } = await claimTexts(log);
    await owner.append([text('1', 'a')]);
    const stale = encodeSnapshotPointer(owner.position);
    await takeSnapshot(owner, statesOf(texts));
    await owner.append([text('2', 'a')]);
    await takeSnapshot(owner, statesOf(texts));
    await log.append(topics.snapshots, 0, [{ key: `${topic}/0`, value: stale }]);
    await log.append(topics.snapshots, 0, [{ key: `${topic}/0`, value: Uint8Array.of(255) }]);
    const next = await claimTexts(log);
    expect({ folded: next.folded, texts: [...next.texts] }).toEqual({ folded: [], texts: [['a', '2']] });
  });

  it('stops the recovery when the pointer does not lead to one', async () => {
    const log = await memoryLog();
    const { owner } = await claimTexts(log);
    const pointer = encodeSnapshotPointer(owner.position);
    await owner.append([text('1', 'a')]);
    await log.append(topics.snapshots, 0, [{ key: `${topic}/0`, value: pointer }]);
    await expect(claimTexts(log)).rejects.toBeInstanceOf(SnapshotBrokenError);
  });

  it('is not where a fold begins that was asked to begin before it', async () => {
    const log = await memoryLog();
    const owner = await claim(log);
    await owner.append([{ ...text('1'), positions: new Map([['lane.low', 1]]) }]);
    const checkpoint = owner.position;
    await owner.append([text('2')]);
    await takeSnapshot(owner, []);
    const folded: string[] = [];
    const onRecord = (record: AcceptedRecord): void => void folded.push(textOf(record));
    const next = await claim(log, { from: checkpoint, onRecord, snapshots: { onState: () => {} } });
    expect(folded).toEqual(['2']);
    expect([...next.positions]).toEqual([['lane.low', 1]]);
  });
});

describe('a follower', () => {
  it('gets batches and the position behind them, also when nothing in them counts', async () => {
    const log = await memoryLog();
    const owner = await claim(log);
    await owner.append([text('one')]);
    const ended = new AbortController();
    const seen: unknown[] = [];
    await followOwned(
      { log },
      {
        ...place,
        from: { offset: 1, fence: owner.fence, index: 1 },
        signal: ended.signal,
        onRecords: (records, position) => {
          seen.push([records.map(textOf), position]);
          ended.abort();
        },
      },
    );
    expect(seen).toEqual([[[], { offset: 2, fence: 0, index: 1 }]]);
  });

  it('gets everything before a record that cannot be understood, and can go on behind it', async () => {
    const log = await memoryLog();
    const owner = await claim(log);
    await owner.append([text('one')]);
    await log.append(topic, 0, [{ value: Uint8Array.of(255) }]);
    await log.append(topic, 0, [{ value: encodeOwnedRecord({ kind: OwnedRecordKind.DATA, fence: 0, index: 2, key: 'k' }) }]);
    const keys: string[] = [];
    const ended = new AbortController();
    const onRecords = (records: readonly AcceptedRecord[]): void => {
      for (const { key } of records) keys.push(key);
      if (keys.length === 2) ended.abort();
    };
    const follow = (from: { offset: number; fence: number; index: number }) =>
      followOwned({ log }, { ...place, from, signal: ended.signal, onRecords });
    const failure: unknown = await follow({ offset: 0, fence: -1, index: 0 }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(OwnedRecordInvalidError);
    expect(keys).toEqual(['']);
    if (failure instanceof OwnedRecordInvalidError) await follow(failure.after);
    expect(keys).toEqual(['', 'k']);
  });
});
