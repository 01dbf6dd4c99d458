import { randomId, systemRandom } from '@parley/kernel';
import type { StoredRecord } from '../port.js';
import { expect, it } from '@jest/globals';
import type { LogBench } from './fixture.js';
import { textRecord } from './fixture.js';

const partitions = 6;

/** One member of a group, and what it was given last. */
class Member {
  owned: readonly number[] = [];
  readonly done: Promise<void>;
  readonly #abort = new AbortController();

  constructor(bench: LogBench, group: string, topics: readonly string[], onAssigned: (owned: readonly number[]) => void = () => {}) {
    this.done = bench.log.join({
      group,
      topics,
      signal: this.#abort.signal,
      onAssigned: (owned) => {
        this.owned = owned;
        onAssigned(owned);
      },
    });
    // Looked at again when the member leaves.
    this.done.catch(() => {});
  }

  async leave(): Promise<void> {
    this.#abort.abort();
    await this.done;
    this.owned = [];
  }
}

/** What every log promises about sharing out partitions. */
export function groupContract(bench: LogBench): void {
  const lanes = (count: number): Promise<string[]> =>
    Promise.all(Array.from({ length: count }, () => bench.topic({ partitions, kind: 'queue' })));

  const isSharedOut = (members: readonly Member[]): boolean => {
    const owned = members.flatMap((member) => [...member.owned]);
    const sizes = members.map((member) => member.owned.length);
    const isEven = Math.max(...sizes) - Math.min(...sizes) <= 1;
    return isEven && owned.length === partitions && new Set(owned).size === partitions;
  };

  it(
    'shares out all partition numbers evenly, however many members come and go',
    async () => {
      const topics = await lanes(2);
      const group = `group-${randomId(systemRandom, 12)}`;
      const first = new Member(bench, group, topics);
      await bench.eventually('one member has all', () => isSharedOut([first]));
      const second = new Member(bench, group, topics);
      await bench.eventually('two share', () => isSharedOut([first, second]));
      const third = new Member(bench, group, topics);
      await bench.eventually('three share', () => isSharedOut([first, second, third]));
      await second.leave();
      await bench.eventually('two share what is left', () => isSharedOut([first, third]));
      await first.leave();
      await bench.eventually('the last one has all', () => isSharedOut([third]));
      await third.leave();
    },
    bench.timeoutMs,
  );

  it(
    'keeps groups apart',
    async () => {
      const topics = await lanes(1);
      const members = ['a', 'b'].map((name) => new Member(bench, `${name}-${randomId(systemRandom, 12)}`, topics));
      for (const member of members) await bench.eventually('it has all', () => isSharedOut([member]));
      for (const member of members) await member.leave();
    },
    bench.timeoutMs,
  );

  it(
    'refuses topics whose partitions cannot be shared out together',
    async () => {
      const topics = [await bench.topic({ partitions: 2 }), await bench.topic({ partitions: 3 })];
      const member = new Member(bench, `group-${randomId(systemRandom, 12)}`, topics);
      await expect(member.done).rejects.toThrow();
    },
    bench.timeoutMs,
  );

  it(
    'loses nothing while partitions move and appends go on',
    async () => {
      const [topic = ''] = await lanes(1);
      const group = `group-${randomId(systemRandom, 12)}`;
      const seen = new Set<string>();
      const sent: string[] = [];
      const readers = [1, 2].map(() => readingMember(bench, { group, topic, seen }));
      const [first, second] = readers;
      await bench.eventually('two share', () => isSharedOut(readers.map(({ member }) => member)));
      for (let index = 0; index < 120; index += 1) {
        const text = `${index}`;
        await bench.log.append(topic, index % partitions, [textRecord(text)]);
        sent.push(text);
        if (index === 40) await first?.leave();
      }
      await bench.eventually('everything was read', () => sent.every((text) => seen.has(text)));
      await second?.leave();
      expect(seen.size).toBe(120);
    },
    bench.timeoutMs,
  );
}

interface Reading {
  readonly group: string;
  readonly topic: string;
  readonly seen: Set<string>;
}

/** A member that reads whatever it owns from the beginning. */
function readingMember(bench: LogBench, { group, topic, seen }: Reading): { member: Member; leave(): Promise<void> } {
  const followers = new Map<number, { readonly abort: AbortController; readonly done: Promise<void> }>();
  const begin = (partition: number): void => {
    const abort = new AbortController();
    const onRecords = (records: readonly StoredRecord[]): void => {
      for (const record of records) seen.add(new TextDecoder().decode(record.value));
    };
    const done = bench.log
      .range(topic, partition)
      .then(({ start }) => bench.log.follow(topic, partition, { from: start, signal: abort.signal, onRecords }));
    followers.set(partition, { abort, done });
  };
  const member = new Member(bench, group, [topic], (owned) => {
    for (const [partition, follower] of followers) {
      if (owned.includes(partition)) continue;
      follower.abort.abort();
      followers.delete(partition);
    }
    for (const partition of owned) if (!followers.has(partition)) begin(partition);
  });
  return {
    member,
    leave: async () => {
      await member.leave();
      for (const { abort } of followers.values()) abort.abort();
      await Promise.all([...followers.values()].map(({ done }) => done));
    },
  };
}
