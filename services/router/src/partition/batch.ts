import { encodeTimelineBatch, encodeTimelineEntry, type LaneCommand, type Origin, type TimelineEntryInit } from '@parley/contracts/events';
import type { OutcomeInit } from '@parley/contracts/router';
import { type ErrorName, errorTable, type Refusal } from '@parley/kernel';
import type { Lane } from '@parley/lanes';
import type { Publication } from '../fanout/publication.js';
import type { ConversationState } from './conversation-state.js';
import type { ShedStage } from './decide-send.js';

/** Tells a waiter what became of its command. */
type Answer = (origin: Origin, outcome: OutcomeInit) => void;

export interface BatchSinks {
  readonly answer: Answer;
  readonly publish: (publication: Publication) => void;
  /** A transient message was shed. */
  readonly shed: (shed: Shed) => void;
}

export interface Shed {
  readonly command: LaneCommand;
  readonly state: ConversationState;
  readonly lane: Lane;
  readonly stage: ShedStage;
}

interface Stored {
  readonly state: ConversationState;
  readonly seq: number;
}

type Entry = TimelineEntryInit & { readonly event: Uint8Array };

/** What an entry takes of a record, about. Rules of speaking may be longer than many messages. */
function bytesOf(entry: Entry): number {
  const { event, app = '', trace = '', speaking, relation, profile } = entry;
  const isPlain = speaking === undefined && relation === undefined && profile === undefined;
  return isPlain ? event.length + app.length + trace.length + 32 : encodeTimelineEntry(entry).length;
}

/** When a message that was shed may be sent again, milliseconds. */
const shedRetryAfterMs = 1_000;

/**
 * What one round of decisions leads to. Nothing of it may be seen by anybody before the append is
 * committed, except what does not depend on it.
 */
export class Batch {
  readonly #sinks: BatchSinks;
  readonly #entries: TimelineEntryInit[] = [];
  readonly #stored: Stored[] = [];
  readonly #outcomes: [Origin, OutcomeInit][] = [];
  readonly #publications: Publication[] = [];
  readonly #shed: Shed[] = [];
  #bytes = 0;
  #hasRefusals = false;
  /** Those that were shed not included: they take nothing of what a round has room for. */
  commands = 0;

  constructor(sinks: BatchSinks) {
    this.#sinks = sinks;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get storedEvents(): number {
    return this.#entries.length;
  }

  get shedCommands(): number {
    return this.#shed.length;
  }

  /**
   * A refusal must not be told before the position behind its command is committed: a new owner that read
   * the command again might accept it.
   */
  get needsAppend(): boolean {
    return this.#entries.length > 0 || this.#hasRefusals;
  }

  get payload(): Uint8Array {
    return this.#entries.length === 0 ? new Uint8Array(0) : encodeTimelineBatch({ entries: this.#entries });
  }

  store(entry: Entry, stored: Stored, publications: readonly Publication[]): void {
    this.#entries.push(entry);
    this.#stored.push(stored);
    this.#bytes += bytesOf(entry);
    for (const publication of publications) this.#publications.push(publication);
  }

  /** Answers once the batch is committed. */
  answer(command: LaneCommand, outcome: OutcomeInit): void {
    if (command.origin !== undefined) this.#outcomes.push([command.origin, outcome]);
  }

  refuse(command: LaneCommand, error: ErrorName, { retryAfterMs = 0, detail = '' }: Omit<Partial<Refusal>, 'name'> = {}): void {
    this.#hasRefusals = true;
    this.answer(command, { error: errorTable[error].code, retryAfterMs, detail });
  }

  shed(shed: Shed): void {
    this.#shed.push(shed);
    this.refuse(shed.command, 'OVERLOADED', { retryAfterMs: shedRetryAfterMs });
  }

  /** Passes on at once: nothing of it is stored. */
  passOn(publication: Publication): void {
    this.#sinks.publish(publication);
  }

  /** Publishes behind what the batch has stored before, once that is committed. */
  publish(publication: Publication): void {
    this.#publications.push(publication);
  }

  /** Makes everything visible, after the commit at the given offset. */
  release(offset: number): void {
    for (const { state, seq } of this.#stored) {
      if (seq > 0) state.committedSeq = seq;
      state.lastOffset = offset;
    }
    for (const [origin, outcome] of this.#outcomes) this.#sinks.answer(origin, outcome);
    for (const publication of this.#publications) this.#sinks.publish(publication);
    for (const shed of this.#shed) this.#sinks.shed(shed);
  }
}
