import { OffsetOutOfRangeError, type OffsetRange, UnknownTopicError } from '@parley/eventlog';
import type { Clock } from '@parley/kernel';
import { operationTimeoutMs, replicationTimeoutMs, requestTimeoutMs, trimIntervalMs } from '../limits.js';
import { LogUnavailableError } from '../log-unavailable-error.js';
import type { Address } from '../wire/address.js';
import type { Connection } from '../wire/connection.js';
import { ConnectionError } from '../wire/connection-error.js';
import type { ConnectionPool } from '../wire/connection-pool.js';
import { errorCode } from '../wire/error-codes.js';
import type { Cluster } from './cluster.js';

/** What offset queries work with. */
export interface OffsetsOptions {
  readonly cluster: Cluster;
  readonly pool: ConnectionPool;
  readonly clock: Clock;
}

const earliest = -2;
const latest = -1;

interface WantedTrim {
  before: number;
  readonly done: ((failure?: Error) => void)[];
}

/** Where partitions begin and end, and moving their beginning. */
export class Offsets {
  readonly #options: OffsetsOptions;
  readonly #wantedTrims = new Map<string, Map<number, WantedTrim>>();
  readonly #trimming = new Set<string>();

  constructor(options: OffsetsOptions) {
    this.#options = options;
  }

  /** See EventLog.range. */
  async range(topic: string, partition: number): Promise<OffsetRange> {
    await this.#options.cluster.waitForLeader(topic, partition);
    const [range] = await this.#ranges(topic, [partition]);
    if (!range) throw new UnknownTopicError(`there is no partition ${topic}[${partition}]`);
    return range;
  }

  /** See EventLog.ranges: two requests per broker that leads any partition. */
  async ranges(topic: string): Promise<readonly OffsetRange[]> {
    const count = await this.#options.cluster.partitionCount(topic);
    return this.#ranges(
      topic,
      Array.from({ length: count }, (_, partition) => partition),
    );
  }

  /** See EventLog.trim. What is wanted while a request is out, or right after one, goes together in the next. */
  trim(topic: string, partition: number, before: number): Promise<void> {
    const wanted = this.#wantedTrims.get(topic) ?? new Map<number, WantedTrim>();
    this.#wantedTrims.set(topic, wanted);
    const trim = wanted.get(partition) ?? { before: 0, done: [] };
    wanted.set(partition, trim);
    trim.before = Math.max(trim.before, before);
    return new Promise((resolve, reject) => {
      trim.done.push((failure) => (failure ? reject(failure) : resolve()));
      if (!this.#trimming.has(topic)) void this.#trimAll(topic);
    });
  }

  async #ranges(topic: string, partitions: readonly number[]): Promise<readonly OffsetRange[]> {
    const [starts, ends] = await Promise.all([
      this.#listOffsets(topic, partitions, earliest),
      this.#listOffsets(topic, partitions, latest),
    ]);
    return partitions.map((partition) => ({ start: starts.get(partition) ?? 0, end: ends.get(partition) ?? 0 }));
  }

  async #listOffsets(topic: string, partitions: readonly number[], timestamp: number): Promise<Map<number, number>> {
    const { cluster, clock } = this.#options;
    const offsets = new Map<number, number>();
    const deadline = clock.monotonic() + operationTimeoutMs;
    for (let attempt = 0; ; attempt += 1) {
      const missing = partitions.filter((partition) => !offsets.has(partition));
      if (missing.length === 0) return offsets;
      if (clock.monotonic() > deadline) throw new LogUnavailableError(`no offsets of ${topic}[${missing.join(', ')}]`);
      if (attempt > 0) {
        await cluster.pause(attempt);
        await cluster.tryRefresh();
      }
      const byLeader = await this.#byLeader(topic, missing);
      const asked = [...byLeader].map(([leader, some]) => this.#askOffsets({ leader, topic, timestamp, into: offsets }, some));
      await Promise.all(asked);
    }
  }

  async #askOffsets(
    query: {
      readonly leader: Address;
      readonly topic: string;
      readonly timestamp: number;
      readonly into: Map<number, number>;
    },
    partitions: readonly number[],
  ): Promise<void> {
    const { leader, topic, timestamp, into } = query;
    const topics = [{ topic, partitions: partitions.map((partition) => ({ partition, timestamp })) }];
    const answer = await this.#tryCall({ leader, purpose: `offsets ${topic}` }, async (connection) =>
      connection.call('ListOffsets', { replicaId: -1, isolationLevel: 0, topics }, requestTimeoutMs),
    );
    for (const { partition, errorCode: code, offset } of answer?.responses.flatMap((each) => each.partitions) ?? []) {
      if (code === errorCode.none) into.set(partition, Number(offset));
    }
  }

  async #trimAll(topic: string): Promise<void> {
    this.#trimming.add(topic);
    await Promise.resolve(); // more may be wanted in this turn of the event loop
    for (;;) {
      const wanted = this.#wantedTrims.get(topic);
      if (!wanted) break;
      this.#wantedTrims.delete(topic);
      try {
        const byLeader = await this.#byLeader(topic, [...wanted.keys()]);
        await Promise.all([...byLeader].map(([leader, some]) => this.#deleteRecords(leader, topic, pick(wanted, some))));
      } catch (error) {
        finish(wanted, error instanceof Error ? error : new Error(String(error)));
      }
      await this.#options.cluster.sleep(trimIntervalMs).catch(() => {}); // on closing, the rest fails at once
    }
    this.#trimming.delete(topic);
  }

  async #deleteRecords(leader: Address, topic: string, wanted: ReadonlyMap<number, WantedTrim>): Promise<void> {
    const partitions = [...wanted].map(([partition, { before }]) => ({ partition, offset: String(before) }));
    const answer = await this.#tryCall({ leader, purpose: `trim ${topic}` }, (connection) =>
      connection.call('DeleteRecords', { topics: [{ topic, partitions }], timeout: requestTimeoutMs }, replicationTimeoutMs),
    );
    for (const { partition, errorCode: code } of answer?.topics.flatMap((each) => each.partitions) ?? []) {
      const trim = wanted.get(partition);
      if (!trim || code !== errorCode.offsetOutOfRange) continue;
      const failure = new OffsetOutOfRangeError(topic, partition, trim.before, await this.range(topic, partition));
      for (const done of trim.done) done(failure);
    }
    finish(wanted); // everything else is a wish: the records just stay longer
  }

  async #byLeader(topic: string, partitions: readonly number[]): Promise<Map<Address, number[]>> {
    const byLeader = new Map<Address, number[]>();
    for (const partition of partitions) {
      const leader = await this.#options.cluster.waitForLeader(topic, partition);
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), partition]);
    }
    return byLeader;
  }

  /** Undefined when the broker does not answer. */
  async #tryCall<T>(
    { leader, purpose }: { readonly leader: Address; readonly purpose: string },
    work: (connection: Connection) => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await work(await this.#options.pool.get(leader, purpose));
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      if (error.isSilence) await this.#options.cluster.probe(leader);
      return undefined;
    }
  }
}

const pick = (wanted: ReadonlyMap<number, WantedTrim>, partitions: readonly number[]): ReadonlyMap<number, WantedTrim> =>
  new Map([...wanted].filter(([partition]) => partitions.includes(partition)));

function finish(wanted: ReadonlyMap<number, WantedTrim>, failure?: Error): void {
  for (const { done } of wanted.values()) for (const each of done) each(failure);
}
