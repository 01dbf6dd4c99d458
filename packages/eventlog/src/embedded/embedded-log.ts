import { setMaxListeners } from 'node:events';
import { LogClosedError, OffsetOutOfRangeError, RecordTooLargeError, UnknownTopicError } from '../errors.js';
import { readBytesDefault, recordKeyBytesMax } from '../limits.js';
import {
  type Appended,
  type EventLog,
  type FollowOptions,
  type JoinOptions,
  type NewRecord,
  type OffsetRange,
  recordBytesMax,
  type StoredRecord,
  type TopicSpec,
} from '../port.js';
import { followPartition } from './follower.js';
import { LocalGroups } from './local-groups.js';
import type { Partition, Topic, TopicStorage } from './partition.js';

/** The log of one process over any storage: checks what comes in, feeds followers, shares out partitions. */
export class EmbeddedLog implements EventLog {
  readonly #storage: TopicStorage;
  readonly #topics = new Map<string, Topic>();
  readonly #groups = new LocalGroups();
  readonly #closed = new AbortController();

  constructor(storage: TopicStorage) {
    this.#storage = storage;
    setMaxListeners(0, this.#closed.signal);
  }

  async createTopics(specs: readonly TopicSpec[]): Promise<void> {
    for (const spec of specs) {
      this.#assertOpen();
      const existing = this.#topics.get(spec.name)?.spec;
      assertSameShape(spec, existing);
      if (existing === undefined) this.#topics.set(spec.name, await this.#storage.open(spec));
    }
  }

  append(topic: string, partition: number, records: readonly NewRecord[]): Promise<Appended> {
    try {
      const target = this.#partition(topic, partition);
      for (const record of records) assertSize(topic, record);
      return target.append(records);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async read(
    topic: string,
    partition: number,
    from: number,
    options: { readonly maxBytes?: number } = {},
  ): Promise<readonly StoredRecord[]> {
    const target = this.#partition(topic, partition);
    if (from < target.start || from > target.end) {
      throw new OffsetOutOfRangeError(topic, partition, from, rangeOf(target));
    }
    return target.slice(from, options.maxBytes ?? readBytesDefault);
  }

  async follow(topic: string, partition: number, options: FollowOptions): Promise<void> {
    // One signal commonly ends the followers of many partitions; that is no leak.
    setMaxListeners(0, options.signal);
    const target = { topic, number: partition, partition: this.#partition(topic, partition), closed: this.#closed.signal };
    await followPartition(target, options);
  }

  async range(topic: string, partition: number): Promise<OffsetRange> {
    return rangeOf(this.#partition(topic, partition));
  }

  async ranges(topic: string): Promise<readonly OffsetRange[]> {
    return this.#topic(topic).partitions.map(rangeOf);
  }

  async trim(topic: string, partition: number, before: number): Promise<void> {
    const target = this.#partition(topic, partition);
    if (before > target.end) throw new OffsetOutOfRangeError(topic, partition, before, rangeOf(target));
    if (before > target.start) await target.trim(before);
  }

  async scrub(): Promise<void> {
    this.#assertOpen();
    await this.#storage.scrub();
  }

  async join(options: JoinOptions): Promise<void> {
    const counts = options.topics.map((topic) => this.#topic(topic).partitions.length);
    const count = counts[0];
    if (count === undefined) throw new UnknownTopicError(`group ${options.group} names no topic`);
    if (counts.some((other) => other !== count)) {
      throw new Error(`the topics of group ${options.group} differ in their numbers of partitions: ${counts.join(', ')}`);
    }
    await this.#groups.join(count, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort(new LogClosedError());
    this.#groups.close(new LogClosedError());
    await this.#storage.close();
  }

  #topic(name: string): Topic {
    this.#assertOpen();
    const topic = this.#topics.get(name);
    if (topic === undefined) throw new UnknownTopicError(`there is no topic ${name}`);
    return topic;
  }

  #partition(name: string, number: number): Partition {
    const partition = this.#topic(name).partitions[number];
    if (partition === undefined) throw new UnknownTopicError(`there is no partition ${name}[${number}]`);
    return partition;
  }

  #assertOpen(): void {
    if (this.#closed.signal.aborted) throw new LogClosedError();
  }
}

function rangeOf(partition: Partition): OffsetRange {
  return { start: partition.start, end: partition.end };
}

function assertSize(topic: string, record: NewRecord): void {
  if (record.value.byteLength > recordBytesMax) {
    throw new RecordTooLargeError(`${topic}: a record of ${record.value.byteLength} bytes; the limit is ${recordBytesMax}`);
  }
  // A character is at most three bytes of UTF-8, so most keys need no closer look.
  if (record.key !== undefined && record.key.length * 3 > recordKeyBytesMax && Buffer.byteLength(record.key) > recordKeyBytesMax) {
    throw new RecordTooLargeError(`${topic}: a key of more than ${recordKeyBytesMax} bytes`);
  }
}

/** Throws when a topic exists with other partitions or another kind; both decide where records lie. */
export function assertSameShape(spec: TopicSpec, existing: TopicSpec | undefined): void {
  if (!Number.isInteger(spec.partitions) || spec.partitions < 1) {
    throw new RangeError(`topic ${spec.name} cannot have ${spec.partitions} partitions`);
  }
  if (existing === undefined) return;
  if (existing.partitions !== spec.partitions || existing.kind !== spec.kind) {
    throw new Error(
      `topic ${spec.name} exists as ${existing.kind} with ${existing.partitions} partitions, ` +
        `not as ${spec.kind} with ${spec.partitions}`,
    );
  }
}
