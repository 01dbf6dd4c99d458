import { encodeSnapshotPointer, type SnapshotEntryInit } from '@parley/contracts/events';
import { topics } from '@parley/contracts/topics';
import type { OwnedPosition } from './api.js';
import type { FencedAppender } from './fenced-appender.js';
import { ownedLogLimits } from './limits.js';
import { untilDone } from './retry.js';
import { snapshotKey } from './snapshot-pointers.js';
import { stampPart } from './stamp-drafts.js';

/** Aggregates with their encoded state, pulled while the snapshot is written. */
export type SnapshotEntries = Iterable<readonly [key: string, state: Uint8Array]>;

/**
 * Writes a snapshot part by part, so that live appends go on between the parts. Two promises are the caller's:
 *
 * 1. Whenever an entry is pulled, its state is the fold of exactly the records appended so far. It is: always,
 *    if the owner folds in `onAppended`; otherwise, if the caller calls `next` only while its state is so, and
 *    none of its appends is on its way (then the entries are pulled before `next` returns its promise).
 * 2. The iteration is live: when it ends, every aggregate that exists has been pulled. Iterating over a Map
 *    keeps that, also when keys come and go meanwhile; a copy of its keys does not.
 */
export interface SnapshotWriter {
  /** Appends the next part; true when the snapshot is complete and its pointer is moved. Rejects like `append`. */
  next(): Promise<boolean>;
}

/** Tags and lengths around an entry, so that many empty states fill a part too. */
const entryOverheadBytes = 16;

export interface SnapshotOptions {
  /** A part is closed once its entries hold this much; default: `ownedLogLimits.snapshotPartBytes`. */
  readonly partBytes?: number;
}

export interface LogSnapshotWriterOptions extends SnapshotOptions {
  /** The owner's positions; a live view. */
  readonly positions: ReadonlyMap<string, number>;
}

export class LogSnapshotWriter implements SnapshotWriter {
  readonly #appender: FencedAppender;
  readonly #positions: ReadonlyMap<string, number>;
  readonly #partBytes: number;
  readonly #entries: Iterator<readonly [key: string, state: Uint8Array]>;
  /** Before the first part; known once it is on its way. */
  #start: OwnedPosition | undefined;
  /** `failed`: entries were pulled and not written; what follows would be no whole snapshot. */
  #stage: 'parts' | 'pointer' | 'complete' | 'failed' = 'parts';

  constructor(appender: FencedAppender, entries: SnapshotEntries, options: LogSnapshotWriterOptions) {
    this.#appender = appender;
    this.#positions = options.positions;
    this.#partBytes = options.partBytes ?? ownedLogLimits.snapshotPartBytes;
    this.#entries = entries[Symbol.iterator]();
  }

  async next(): Promise<boolean> {
    if (this.#stage === 'failed') throw new Error('the snapshot has failed before');
    if (this.#stage === 'parts') await this.#takeTurn();
    if (this.#stage === 'pointer') await this.#movePointer();
    return this.#stage === 'complete';
  }

  async #takeTurn(): Promise<void> {
    const { turns, lost } = this.#appender;
    const turn = turns.take();
    if (turn !== undefined) await turn;
    try {
      lost.throwIfAborted();
      if (await this.#appendParts()) this.#stage = 'pointer';
    } catch (error) {
      this.#stage = 'failed';
      throw error;
    } finally {
      turns.give();
    }
  }

  /** Keeps the turn until a state that needs several parts is in: nothing may change it meanwhile. */
  async #appendParts(): Promise<boolean> {
    const { parts, isLast } = this.#pull();
    for (const [at, entries] of parts.entries()) {
      const isFirst = this.#start === undefined;
      this.#start ??= this.#appender.position;
      const { fence, index } = this.#appender.position;
      const stamp = { fence, index: index + 1, timeMs: this.#appender.deps.clock.now() };
      const part = { firstIndex: this.#start.index + 1, entries, isLast: isLast && at === parts.length - 1 };
      // Whoever starts here must learn all positions: what was before is not read.
      await this.#appender.commit([stampPart(part, isFirst ? this.#positions : undefined, stamp)]);
    }
    return isLast;
  }

  #pull(): { readonly parts: readonly SnapshotEntryInit[][]; readonly isLast: boolean } {
    const partBytes = this.#partBytes;
    let part: SnapshotEntryInit[] = [];
    const parts = [part];
    let room = partBytes;
    while (room > 0) {
      const pulled = this.#entries.next();
      if (pulled.done === true) return { parts, isLast: true };
      const [key, state] = pulled.value;
      let from = 0;
      while (state.length - from > partBytes) {
        part.push({ key, state: state.subarray(from, from + partBytes), continues: true });
        from += partBytes;
        part = [];
        parts.push(part);
        room = partBytes;
      }
      part.push({ key, state: state.subarray(from) });
      room -= entryOverheadBytes + key.length + state.length - from;
    }
    return { parts, isLast: false };
  }

  async #movePointer(): Promise<void> {
    const { deps, source, lost } = this.#appender;
    const value = encodeSnapshotPointer(this.#start ?? this.#appender.position);
    const record = { key: snapshotKey(source), value };
    // Late or doubled, the record does no harm: it leads to an older start that is just as valid.
    await untilDone(deps, source, lost, () => deps.log.append(topics.snapshots, 0, [record]));
    this.#stage = 'complete';
  }
}
