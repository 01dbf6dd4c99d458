import { AppendUnknownError, type EventLog, type StoredRecord } from '@parley/eventlog';
import { sleep, systemClock } from '@parley/kernel';
import { LogUnavailableError } from '../src/index.js';

/** Where an acknowledged record should be. */
export interface Acknowledged {
  readonly partition: number;
  readonly offset: number;
  readonly text: string;
}

/**
 * Appends to all partitions of a topic, one batch outstanding on each, and follows them all. What is not
 * acknowledged is appended again until it is, as the writers of the product do.
 */
export class AppendLoad {
  readonly acknowledged: Acknowledged[] = [];
  readonly followed = new Map<number, StoredRecord[]>();
  /** Appends whose outcome was not known, and those that were certainly not made. */
  unknowns = 0;
  refusals = 0;
  readonly #log: EventLog;
  readonly #topic: string;
  readonly #stop = new AbortController();
  readonly #unfollow = new AbortController();
  readonly #writers: readonly Promise<void>[];
  readonly #followers: readonly Promise<void>[];

  constructor(log: EventLog, topic: string, partitions: number) {
    this.#log = log;
    this.#topic = topic;
    const numbers = Array.from({ length: partitions }, (_, partition) => partition);
    this.#followers = numbers.map((partition) => this.#follow(partition));
    this.#writers = numbers.map((partition) => this.#write(partition));
  }

  /** Resolves when that many records have been acknowledged in all partitions, counted from now. */
  async more(count: number): Promise<void> {
    const before = this.#counts();
    await eventually(`${count} more`, () => this.#counts().every((now, at) => now >= (before[at] ?? 0) + count));
  }

  /** Ends the load; resolves when everything acknowledged has reached the followers. */
  async finish(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#writers);
    await eventually('the followers have everything', () =>
      this.acknowledged.every(({ partition, offset }) => (this.followed.get(partition)?.at(-1)?.offset ?? -1) >= offset),
    );
    this.#unfollow.abort();
    await Promise.all(this.#followers);
  }

  /** Acknowledged records that are not where they were said to be, as the followers saw it. */
  get lost(): readonly Acknowledged[] {
    return this.acknowledged.filter(({ partition, offset, text }) => {
      const records = this.followed.get(partition) ?? [];
      const record = records[offset - (records[0]?.offset ?? 0)];
      return record?.offset !== offset || Buffer.from(record.value).toString() !== text;
    });
  }

  #counts(): readonly number[] {
    const counts = this.#writers.map(() => 0);
    for (const { partition } of this.acknowledged) counts[partition] = (counts[partition] ?? 0) + 1;
    return counts;
  }

  async #write(partition: number): Promise<void> {
    for (let number = 0; !this.#stop.signal.aborted; number += 1) {
      const texts = Array.from({ length: 1 + (number % 4) }, (_, index) => `${partition}/${number}/${index}`);
      const firstOffset = await this.#insist(partition, texts);
      this.acknowledged.push(...texts.map((text, index) => ({ partition, offset: firstOffset + index, text })));
    }
  }

  async #insist(partition: number, texts: readonly string[]): Promise<number> {
    const records = texts.map((text) => ({ value: Buffer.from(text) }));
    for (;;) {
      try {
        return (await this.#log.append(this.#topic, partition, records)).firstOffset;
      } catch (error) {
        if (error instanceof AppendUnknownError) this.unknowns += 1;
        else if (error instanceof LogUnavailableError) this.refusals += 1;
        else throw error;
      }
    }
  }

  #follow(partition: number): Promise<void> {
    const seen: StoredRecord[] = [];
    this.followed.set(partition, seen);
    const onRecords = (records: readonly StoredRecord[]): void => void seen.push(...records);
    return this.#log.follow(this.#topic, partition, { from: 0, signal: this.#unfollow.signal, onRecords });
  }
}

/** Polls until the condition holds; fails after a minute. */
export async function eventually(what: string, condition: () => boolean): Promise<void> {
  const deadline = systemClock.monotonic() + 60_000;
  while (!condition()) {
    if (systemClock.monotonic() > deadline) throw new Error(`never happened: ${what}`);
    await sleep(systemClock, 10);
  }
}
