import { topics } from '@parley/contracts/topics';
import { type AcceptedRecord, followOwned, type OwnedPosition, startOfLog } from '@parley/ownedlog';
import type { ConversationRow, LogPosition } from '@parley/store';
import { LRUCache } from 'lru-cache';
import type { HistoryEvents } from '../events.js';
import { historyLimits } from '../limits.js';
import type { HistoryDeps } from '../ports.js';
import { BatchBuilder } from './batch-builder.js';
import { StagedRows } from './staged-rows.js';
import { TailMarks } from './tail-marks.js';

const nothingRead: LogPosition = { offset: 0, fence: 0, index: 0 };

/** Projects one partition of the timeline into the store. */
export class PartitionProjector {
  readonly partition: number;
  readonly #deps: HistoryDeps;
  readonly #events: HistoryEvents;
  readonly #heads = new LRUCache<string, ConversationRow>({ max: historyLimits.headsCached });
  #marks = new TailMarks(historyLimits.tailMs, undefined);
  #position: OwnedPosition = startOfLog;
  #waiters: (() => void)[] = [];

  constructor(partition: number, deps: HistoryDeps, events: HistoryEvents) {
    this.partition = partition;
    this.#deps = deps;
    this.#events = events;
  }

  /** Everything before this position is in the store. */
  get position(): OwnedPosition {
    return this.#position;
  }

  /** Where a router that takes over has to read from. */
  get tail(): LogPosition {
    return this.#marks.tail ?? nothingRead;
  }

  /** Resolves at the next progress. */
  progressed(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Learns where the store stands; to be called before `run`. */
  async start(): Promise<void> {
    const checkpoint = await this.#deps.store.checkpoint(this.partition);
    if (checkpoint === undefined) return;
    this.#position = checkpoint.position;
    this.#marks = new TailMarks(historyLimits.tailMs, checkpoint.tail);
  }

  /** Follows the timeline until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { partition } = this;
    const onRecords = (records: readonly AcceptedRecord[], position: OwnedPosition): Promise<void> => this.#project(records, position);
    await followOwned(this.#deps, { topic: topics.timeline, partition, from: this.#position, signal, onRecords });
  }

  async #project(records: readonly AcceptedRecord[], position: OwnedPosition): Promise<void> {
    const { store, clock } = this.#deps;
    for (const record of records) this.#marks.pass(record);
    const staged = new StagedRows(store, this.#heads);
    const builder = new BatchBuilder(store, staged);
    await builder.add(records);
    const newestMs = records.at(-1)?.timeMs ?? clock.now();
    const { events, sends } = builder;
    const checkpoint = { position, tail: this.tail, timeMs: newestMs };
    await store.apply(this.partition, { offset: position.offset - 1, events, sends, ...staged.changes(), details: [], checkpoint });
    staged.keep();
    this.#events.projected(events.length, clock.now() - newestMs);
    this.#position = position;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }
}
