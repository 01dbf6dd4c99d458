import { type Appended, AppendUnknownError, LogClosedError, type NewRecord, RecordTooLargeError } from '@parley/eventlog';
import type { CancelTimer, Clock } from '@parley/kernel';
import type { Cluster } from '../cluster/cluster.js';
import { appendTimeoutMs, produceProbeMs, produceTimeoutMs, replicationTimeoutMs, requestBytesMax, sentBatchBytesMax } from '../limits.js';
import { LogUnavailableError } from '../log-unavailable-error.js';
import type { Address } from '../wire/address.js';
import { ConnectionError } from '../wire/connection-error.js';
import type { ConnectionPool } from '../wire/connection-pool.js';
import { decodeProduce, encodeProduce, produceKey, produceVersion } from '../wire/produce-request.js';
import { batchBytesBound, encodeRecordBatch } from '../wire/record-batch.js';
import { PartitionQueue, type PendingAppend } from './partition-queue.js';
import { judgeProduce, type ProduceOutcome } from './produce-outcome.js';

/** What an appender works with. */
export interface AppenderOptions {
  readonly cluster: Cluster;
  readonly pool: ConnectionPool;
  readonly clock: Clock;
  /** What the broker calls the topic. */
  readonly topic: string;
  readonly acks: -1 | 1;
  /** After each request: how long it took and how many records it carried. */
  readonly onRequest: (durationMs: number, records: number) => void;
  /** When the outcome of a request is not known. */
  readonly onUnknown: () => void;
}

/** What one request carries of one partition. */
interface Part {
  readonly queue: PartitionQueue;
  readonly appends: readonly PendingAppend[];
}

/**
 * Appends to one topic. Each broker has at most one request of it outstanding, with at most one batch per
 * partition: an idle broker is sent what there is at once, and while a request is out the next one grows. So
 * latency is one round trip when little happens and throughput comes from batches when much does.
 */
export class TopicAppender {
  readonly #options: AppenderOptions;
  readonly #queues = new Map<number, PartitionQueue>();
  readonly #busyBrokers = new Set<Address>();
  #firstInTurn = 0;
  #isFlushDue = false;
  #isClosed = false;

  constructor(options: AppenderOptions) {
    this.#options = options;
  }

  /** See EventLog.append; the partition is known to exist. */
  append(partition: number, records: readonly NewRecord[]): Promise<Appended> {
    if (this.#isClosed) return Promise.reject(new LogClosedError());
    const bytes = batchBytesBound(records);
    if (bytes > sentBatchBytesMax) {
      const message = `${this.#options.topic}: ${bytes} bytes at once; the limit is ${sentBatchBytesMax}`;
      return Promise.reject(new RecordTooLargeError(message));
    }
    const deadlineMs = this.#options.clock.monotonic() + appendTimeoutMs;
    return new Promise((resolve, reject) => {
      this.#queue(partition).push({ records, bytes, deadlineMs, resolve, reject });
      this.#scheduleFlush();
    });
  }

  /** Rejects what was not sent; what was sent gets its answer or an unknown outcome when the connections close. */
  close(): void {
    this.#isClosed = true;
    for (const queue of this.#queues.values()) queue.rejectAll(new LogClosedError());
  }

  #queue(partition: number): PartitionQueue {
    const known = this.#queues.get(partition);
    if (known) return known;
    const queue = new PartitionQueue(partition);
    this.#queues.set(partition, queue);
    return queue;
  }

  /** Everything that is appended in one turn of the event loop goes out together. */
  #scheduleFlush(): void {
    if (this.#isFlushDue || this.#isClosed) return;
    this.#isFlushDue = true;
    setImmediate(() => {
      this.#isFlushDue = false;
      this.#flush();
    });
  }

  #flush(): void {
    const parts = new Map<Address, Part[]>();
    const bytes = new Map<Address, number>();
    for (const queue of this.#inTurn()) {
      if (queue.isBusy || queue.isEmpty) continue;
      const leader = this.#options.cluster.leader(this.#options.topic, queue.partition);
      if (leader === undefined) {
        void this.#findLeader(queue);
        continue;
      }
      const used = bytes.get(leader) ?? 0;
      if (this.#busyBrokers.has(leader) || used >= requestBytesMax) continue;
      const appends = queue.take();
      queue.isBusy = true;
      parts.set(leader, [...(parts.get(leader) ?? []), { queue, appends }]);
      bytes.set(
        leader,
        appends.reduce((sum, append) => sum + append.bytes, used),
      );
    }
    for (const [leader, ofLeader] of parts) void this.#send(leader, ofLeader);
  }

  /** Every queue is first at some time, so that a full request leaves out others each time. */
  #inTurn(): readonly PartitionQueue[] {
    const queues = [...this.#queues.values()];
    this.#firstInTurn = (this.#firstInTurn + 1) % Math.max(1, queues.length);
    return [...queues.slice(this.#firstInTurn), ...queues.slice(0, this.#firstInTurn)];
  }

  async #findLeader(queue: PartitionQueue): Promise<void> {
    queue.isBusy = true;
    try {
      await this.#options.cluster.waitForLeader(this.#options.topic, queue.partition);
    } catch (error) {
      queue.rejectAll(error instanceof Error ? error : new LogUnavailableError(String(error)));
    }
    queue.isBusy = false;
    this.#scheduleFlush();
  }

  async #send(leader: Address, parts: readonly Part[]): Promise<void> {
    this.#busyBrokers.add(leader);
    const outcomes = await this.#produce(leader, parts);
    this.#busyBrokers.delete(leader);
    const retried: Part[] = [];
    parts.forEach((part, index) => {
      const outcome = outcomes[index] ?? { type: 'failed', error: new AppendUnknownError('no answer for a partition') };
      if (outcome.type === 'not-written') retried.push(this.#putBack(part, outcome.reason));
      else settle(part, outcome);
    });
    this.#scheduleFlush();
    if (retried.length > 0) await this.#retryLater(retried);
  }

  /** One outcome per part, in their order; never rejects. */
  async #produce(leader: Address, parts: readonly Part[]): Promise<readonly ProduceOutcome[]> {
    const { pool, clock, cluster, topic, acks, onRequest, onUnknown } = this.#options;
    const all = (outcome: ProduceOutcome): readonly ProduceOutcome[] => parts.map(() => outcome);
    const startedAt = clock.monotonic();
    const stopWatching = this.#watch(leader);
    try {
      const connection = await pool.get(leader, `produce ${topic}`);
      const records = parts.map(({ appends }) => appends.flatMap((append) => append.records));
      const batches = parts.map(({ queue }, index) => ({
        partition: queue.partition,
        batch: encodeRecordBatch(records[index] ?? [], clock.now()),
      }));
      const body = encodeProduce({ topic, acks, timeoutMs: replicationTimeoutMs, parts: batches });
      const api = { apiKey: produceKey, apiVersion: produceVersion };
      const results = decodeProduce(await connection.request(api, body, produceTimeoutMs));
      onRequest(
        clock.monotonic() - startedAt,
        records.reduce((sum, some) => sum + some.length, 0),
      );
      const byPartition = new Map(results.map((result) => [result.partition, judgeProduce(topic, result)]));
      return batches.map(({ partition }) => byPartition.get(partition) ?? unknown(`${topic}[${partition}]: no answer`));
    } catch (error) {
      if (error instanceof ConnectionError && !error.wasSent) return all({ type: 'not-written', reason: error.message });
      if (error instanceof LogClosedError) return all({ type: 'failed', error });
      onUnknown();
      void cluster.probe(leader);
      return all(unknown(String(error), error));
    } finally {
      stopWatching();
    }
  }

  /** While a request is out, asks its broker now and then whether it lives; a silent one loses its connections. */
  #watch(leader: Address): CancelTimer {
    const { clock, cluster } = this.#options;
    const arm = (): CancelTimer =>
      clock.setTimer(produceProbeMs, () => {
        void cluster.probe(leader);
        cancel = arm();
      });
    let cancel = arm();
    return () => cancel();
  }

  #putBack(part: Part, reason: string): Part {
    const now = this.#options.clock.monotonic();
    const [late, early] = [part.appends.filter((a) => a.deadlineMs <= now), part.appends.filter((a) => a.deadlineMs > now)];
    for (const { reject } of late) reject(new LogUnavailableError(`gave up: ${reason}`));
    part.queue.putBack(early);
    if (this.#isClosed) part.queue.rejectAll(new LogClosedError());
    part.queue.failures += 1;
    return part;
  }

  /** Their queues stay busy until there has been a chance for things to change. */
  async #retryLater(parts: readonly Part[]): Promise<void> {
    const failures = Math.max(...parts.map(({ queue }) => queue.failures));
    try {
      await this.#options.cluster.pause(failures);
      await this.#options.cluster.tryRefresh();
    } catch {
      // the log is closing
    }
    for (const { queue } of parts) queue.isBusy = false;
    this.#scheduleFlush();
  }
}

const unknown = (message: string, cause?: unknown): ProduceOutcome => ({
  type: 'failed',
  error: new AppendUnknownError(message, { cause }),
});

function settle({ queue, appends }: Part, outcome: Exclude<ProduceOutcome, { readonly type: 'not-written' }>): void {
  queue.isBusy = false;
  queue.failures = 0;
  if (outcome.type === 'failed') {
    for (const { reject } of appends) reject(outcome.error);
    return;
  }
  let firstOffset = outcome.baseOffset;
  for (const { records, resolve } of appends) {
    resolve({ firstOffset });
    firstOffset += records.length;
  }
}
