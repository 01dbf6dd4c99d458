import { decodeOwnership, encodeOwnership } from '@parley/contracts/events';
import { topics } from '@parley/contracts/topics';
import { AppendUnknownError, type EventLog, type StoredRecord } from '@parley/eventlog';
import { backoffMs, type Clock, type Random, sleep } from '@parley/kernel';
import { type Owner, type OwnerDirectory, OwnerTable } from '@parley/rpc';
import type { Logger } from '@parley/telemetry';
import { runtimeLimits } from './limits.js';

export interface LogDirectoryOptions {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** A directory that follows its topic until it is disposed. */
export interface LogDirectory extends OwnerDirectory, AsyncDisposable {}

/**
 * The owners as published in the compacted topic `cluster.owners`. Resolves once everything published
 * before is known. Goes on by itself after failures of the log; meanwhile entries may be out of date.
 */
export async function openLogDirectory(options: LogDirectoryOptions): Promise<LogDirectory> {
  const directory = new FollowedDirectory(options);
  await directory.start();
  return directory;
}

class FollowedDirectory implements LogDirectory {
  readonly #options: LogDirectoryOptions;
  readonly #table = new OwnerTable();
  readonly #stop = new AbortController();
  #next = 0;
  #following: Promise<void> = Promise.resolve();

  constructor(options: LogDirectoryOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { log } = this.#options;
    const { start, end } = await log.range(topics.owners, 0);
    this.#next = start;
    while (this.#next < end) {
      const records = await log.read(topics.owners, 0, this.#next);
      if (records.length === 0) break;
      this.#apply(records);
    }
    this.#following = this.#follow();
  }

  ownerOf(service: string, partition: number): Owner | undefined {
    return this.#table.ownerOf(service, partition);
  }

  peersOf(service: string): readonly Owner[] {
    return this.#table.peersOf(service);
  }

  onChange(listener: (owner: Owner) => void): () => void {
    return this.#table.onChange(listener);
  }

  /** Known here at once; appending it twice does no harm, so an unknown outcome is tried again. */
  async publish(owner: Owner): Promise<void> {
    const { log, clock } = this.#options;
    const value = encodeOwnership({ ...owner, timeMs: clock.now() });
    const record = { key: `${owner.service}/${owner.partition}`, value };
    for (let attempt = 1; ; attempt++) {
      try {
        const { firstOffset } = await log.append(topics.owners, 0, [record]);
        // Unless the log was read beyond it meanwhile: what came later counts.
        if (firstOffset >= this.#next) this.#table.apply(owner);
        return;
      } catch (error) {
        if (!(error instanceof AppendUnknownError) || attempt === runtimeLimits.publishAttemptsMax) throw error;
      }
    }
  }

  async #follow(): Promise<void> {
    const { log, clock, random, logger } = this.#options;
    const { signal } = this.#stop;
    const policy = { firstMs: runtimeLimits.directoryRetryFirstMs, longestMs: runtimeLimits.directoryRetryLongestMs };
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        const { start } = await log.range(topics.owners, 0);
        const onRecords = (records: readonly StoredRecord[]): void => {
          attempt = 0;
          this.#apply(records);
        };
        await log.follow(topics.owners, 0, { from: Math.max(start, this.#next), signal, onRecords });
      } catch (error) {
        if (signal.aborted) return;
        logger.warn('the owner directory lost its topic and tries again', { attempt }, error);
        await sleep(clock, 1 + backoffMs(policy, attempt, random), signal).catch(() => {});
      }
    }
  }

  #apply(records: readonly StoredRecord[]): void {
    for (const record of records) {
      this.#next = record.offset + 1;
      try {
        const { service, partition, fence, address, peer } = decodeOwnership(record.value);
        if (service !== '') this.#table.apply({ service, partition, fence, address, peer });
      } catch (error) {
        this.#options.logger.warn('skipped a record of the owner directory', { offset: record.offset }, error);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }
}
