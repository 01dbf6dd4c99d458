import { decodeOwnership, encodeOwnership } from '@parley/contracts/events';
import { topics } from '@parley/contracts/topics';
import type { StoredRecord } from '@parley/eventlog';
import type { Clock } from '@parley/kernel';
import { type Owner, type OwnerDirectory, OwnerTable } from '@parley/rpc';
import { type CompactedTopic, followCompacted, type FollowingOptions } from './follow-compacted.js';

/** A directory that follows its topic until it is disposed. */
export interface LogDirectory extends OwnerDirectory, AsyncDisposable {
  /** Calls back for every entry that is published, also when it changes nothing; returns the way to stop. */
  onHeard(listener: (owner: Owner) => void): () => void;
}

/**
 * The owners as published in the compacted topic `cluster.owners`. Resolves once everything published
 * before is known. Goes on by itself after failures of the log; meanwhile entries may be out of date.
 */
export async function openLogDirectory(options: FollowingOptions): Promise<LogDirectory> {
  const entries = new Entries();
  const onRecord = (record: StoredRecord): void => entries.take(record);
  return new FollowedDirectory(options.clock, entries, await followCompacted({ ...options, topic: topics.owners, onRecord }));
}

class Entries {
  readonly table = new OwnerTable();
  readonly listeners = new Set<(owner: Owner) => void>();

  take(record: StoredRecord): void {
    const { service, partition, fence, address, peer } = decodeOwnership(record.value);
    if (service === '') return;
    const owner = { service, partition, fence, address, peer };
    this.table.apply(owner);
    for (const listener of [...this.listeners]) listener(owner);
  }
}

class FollowedDirectory implements LogDirectory {
  readonly #clock: Clock;
  readonly #entries: Entries;
  readonly #topic: CompactedTopic;

  constructor(clock: Clock, entries: Entries, topic: CompactedTopic) {
    this.#clock = clock;
    this.#entries = entries;
    this.#topic = topic;
  }

  ownerOf(service: string, partition: number): Owner | undefined {
    return this.#entries.table.ownerOf(service, partition);
  }

  peersOf(service: string): readonly Owner[] {
    return this.#entries.table.peersOf(service);
  }

  onChange(listener: (owner: Owner) => void): () => void {
    return this.#entries.table.onChange(listener);
  }

  onHeard(listener: (owner: Owner) => void): () => void {
    this.#entries.listeners.add(listener);
    return () => this.#entries.listeners.delete(listener);
  }

  /** Known here at once. */
  async publish(owner: Owner): Promise<void> {
    const value = encodeOwnership({ ...owner, timeMs: this.#clock.now() });
    const offset = await this.#topic.append({ key: `${owner.service}/${owner.partition}`, value });
    // Unless the log was read beyond it meanwhile: what came later counts.
    if (offset >= this.#topic.nextOffset) this.#entries.table.apply(owner);
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#topic[Symbol.asyncDispose]();
  }
}
