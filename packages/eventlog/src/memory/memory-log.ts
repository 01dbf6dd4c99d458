import type { CancelTimer, Clock } from '@parley/kernel';
import { EmbeddedLog } from '../embedded/embedded-log.js';
import type { Topic, TopicStorage } from '../embedded/partition.js';
import { queueBytesMaxDefault, sweepIntervalMs } from '../limits.js';
import type { EventLog, TopicSpec } from '../port.js';
import { MemoryPartition } from './memory-partition.js';

export interface MemoryLogOptions {
  readonly clock: Clock;
  /** What one partition of a queue topic holds before appends are refused; 8 MiB by default. */
  readonly queueBytesMax?: number;
  /** First offset of queue topics; 0 by default. */
  readonly queueStart?: number;
}

/**
 * A log that lives as long as the process: for tests, and for queues. Values are kept as they are given,
 * not copied; whoever appends must not write into them afterwards.
 */
export function createMemoryLog(options: MemoryLogOptions): EventLog {
  return new EmbeddedLog(new MemoryStorage(options));
}

/** Topics kept in memory; records older than their topic's retention are dropped every now and then. */
export class MemoryStorage implements TopicStorage {
  readonly #clock: Clock;
  readonly #queueBytesMax: number;
  readonly #queueStart: number;
  readonly #expiring: { readonly retentionMs: number; readonly partitions: readonly MemoryPartition[] }[] = [];
  #cancelSweep: CancelTimer | undefined;

  constructor(options: MemoryLogOptions) {
    this.#clock = options.clock;
    this.#queueBytesMax = options.queueBytesMax ?? queueBytesMaxDefault;
    this.#queueStart = options.queueStart ?? 0;
  }

  async open(spec: TopicSpec): Promise<Topic> {
    const partitions = Array.from(
      { length: spec.partitions },
      (_, number) =>
        new MemoryPartition({
          clock: this.#clock,
          spec,
          number,
          queueBytesMax: this.#queueBytesMax,
          start: spec.kind === 'queue' ? this.#queueStart : 0,
        }),
    );
    if (spec.retentionMs !== undefined) {
      this.#expiring.push({ retentionMs: spec.retentionMs, partitions });
      this.#cancelSweep ??= this.#clock.setTimer(sweepIntervalMs, this.#sweep);
    }
    return { spec, partitions };
  }

  async scrub(): Promise<void> {}

  async close(): Promise<void> {
    this.#cancelSweep?.();
  }

  readonly #sweep = (): void => {
    for (const { retentionMs, partitions } of this.#expiring) {
      for (const partition of partitions) partition.expire(this.#clock.now() - retentionMs);
    }
    this.#cancelSweep = this.#clock.setTimer(sweepIntervalMs, this.#sweep);
  };
}
