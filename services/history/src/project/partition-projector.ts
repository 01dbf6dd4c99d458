import { topics } from '@parley/contracts/topics';
import { type AcceptedRecord, followOwned, type OwnedPosition, startOfLog } from '@parley/ownedlog';
import type { HistoryAmendment, LogPosition } from '@parley/store';
import type { HistoryEvents } from '../events.js';
import { historyLimits } from '../limits.js';
import type { HistoryDeps } from '../ports.js';
import { blockSpacePrefix } from '../rows/detail-keys.js';
import { type HeldConversation, hold } from '../rows/held-conversation.js';
import { BatchBuilder } from './batch-builder.js';
import { cacheKey, createProjectionCache, type ProjectionCache } from './projection-cache.js';
import { StagedRows } from './staged-rows.js';
import { TailMarks } from './tail-marks.js';

const nothingRead: LogPosition = { offset: 0, fence: 0, index: 0 };

/** What is to be amended, as the store and the cache are to have it. */
export interface Amendment extends HistoryAmendment {
  /** Conversations with their details decoded; their rows are written as well. */
  readonly held?: readonly HeldConversation[];
}

/** Projects one partition of the timeline into the store. */
export class PartitionProjector {
  readonly partition: number;
  readonly #deps: HistoryDeps;
  readonly #events: HistoryEvents;
  readonly #cache: ProjectionCache;
  #marks = new TailMarks(historyLimits.tailMs, undefined);
  #position: OwnedPosition = startOfLog;
  #waiters: (() => void)[] = [];
  /** Batches and amendments come one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Grows with each write, before and after it: a read during which it did not grow saw no half of one. */
  #writes = 0;
  #rewrites = 0;
  #newestMs = 0;
  #isOver = false;

  constructor(partition: number, deps: HistoryDeps, events: HistoryEvents) {
    this.partition = partition;
    this.#deps = deps;
    this.#events = events;
    this.#cache = createProjectionCache(deps.partitions);
  }

  /** Everything before this position is in the store. */
  get position(): OwnedPosition {
    return this.#position;
  }

  /** When the newest record that was projected was written, milliseconds since 1970 (UTC); 0 before the first. */
  get newestMs(): number {
    return this.#newestMs;
  }

  /** Grows when stored messages were rewritten. */
  get rewrites(): number {
    return this.#rewrites;
  }

  /** Where a router that takes over has to read from. */
  get tail(): LogPosition {
    return this.#marks.tail ?? nothingRead;
  }

  /** Resolves at the next progress. Only for who has to wait: it is remembered until then. */
  progressed(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Resolves when no write is under way that was when the call came. */
  async settled(): Promise<void> {
    await this.#turn.catch(() => {});
  }

  /**
   * Learns where the store stands; to be called before `run`. Throws where the log has lost what follows: who is in a group,
   * and much else, would be missing for good.
   */
  async start(): Promise<void> {
    const { store, log } = this.#deps;
    const checkpoint = await store.checkpoint(this.partition);
    const { start } = await log.range(topics.timeline, this.partition);
    const next = checkpoint?.position.offset ?? 0;
    if (next < start) {
      throw new Error(
        `history ends before offset ${next} of partition ${this.partition}, the timeline begins at ${start}: restore a backup`,
      );
    }
    if (checkpoint === undefined) return;
    this.#position = checkpoint.position;
    this.#marks = new TailMarks(historyLimits.tailMs, checkpoint.tail);
  }

  /** Follows the timeline until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { partition } = this;
    const onRecords = (records: readonly AcceptedRecord[], position: OwnedPosition): Promise<void> =>
      this.#inTurn(() => this.#project(records, position));
    try {
      await followOwned(this.#deps, { topic: topics.timeline, partition, from: this.#position, signal, onRecords });
    } finally {
      // Who comes next reads what is in the store: from now on nothing is written here.
      this.#isOver = true;
      await this.settled();
    }
  }

  /** A conversation where it needs no look into the store. */
  known(app: string, conversation: string): HeldConversation | undefined {
    return this.#cache.conversations.get(cacheKey(app, conversation));
  }

  /** A conversation as the store has it, from memory where it is there. */
  async conversation(app: string, conversation: string): Promise<HeldConversation | undefined> {
    const key = cacheKey(app, conversation);
    const known = this.#cache.conversations.get(key);
    if (known !== undefined) return known;
    const writes = this.#writes;
    const row = await this.#deps.store.conversation(app, conversation);
    if (row === undefined) return undefined;
    const held = hold(row);
    if (writes === this.#writes && writes % 2 === 0) this.#cache.conversations.set(key, held);
    return held;
  }

  /**
   * Replaces rows between two batches. What is to be written is made when its turn has come, from what the store holds
   * then; undefined for nothing. Nothing is written once the projection has ended.
   */
  amend(make: () => Promise<Amendment | undefined>): Promise<void> {
    return this.#inTurn(async () => {
      const amendment = this.#isOver ? undefined : await make();
      if (amendment === undefined || this.#isOver) return;
      const { held = [], events, details } = amendment;
      const conversations = [...amendment.conversations, ...held.map(({ row }) => row)];
      await this.#write(() => this.#deps.store.amend(this.partition, { events, conversations, details }));
      for (const each of held) this.#cache.conversations.set(cacheKey(each.row.app, each.row.conversation), each);
      if (events.length > 0) this.#rewrites++;
      if (details.some(({ space }) => space.startsWith(blockSpacePrefix))) this.#cache.messages.clear();
    });
  }

  async #project(records: readonly AcceptedRecord[], position: OwnedPosition): Promise<void> {
    const { store, clock } = this.#deps;
    for (const record of records) this.#marks.pass(record);
    const staged = new StagedRows(store, this.#cache);
    const builder = new BatchBuilder(this.partition, store, staged);
    await builder.add(records);
    const newestMs = records.at(-1)?.timeMs ?? clock.now();
    const { sends } = builder;
    const changes = staged.changes();
    const checkpoint = { position, tail: this.tail, timeMs: newestMs };
    await this.#write(() => store.apply(this.partition, { offset: position.offset - 1, sends, ...changes, checkpoint }));
    staged.keep();
    if (staged.details.hasSearchRows) this.#rewrites++;
    this.#events.projected(changes.events.length, clock.now() - newestMs);
    this.#position = position;
    this.#newestMs = records.at(-1)?.timeMs ?? this.#newestMs;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }

  async #write(write: () => Promise<void>): Promise<void> {
    this.#writes++;
    await write();
    this.#writes++;
  }

  #inTurn(task: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(task, task);
    this.#turn = done.catch(() => {});
    return done;
  }
}
