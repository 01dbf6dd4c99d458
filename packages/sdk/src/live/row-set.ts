import { targetsOf } from '@parley/fold';
import type { CancelTimer } from '@parley/kernel';
import { type ConversationEvent, type MessageState, Priority, Removal } from '@parley/wire';
import type { ClientParts } from '../client-parts.js';
import type { Told } from '../event-decoder.js';
import type { TimelineEvent } from '../events.js';
import type { SendHandle } from '../send-handle.js';
import { effectOf } from './act-effects.js';
import { liveLimits } from './live-limits.js';
import { isWithheld, type MessageRow, MessageRows } from './message-rows.js';

/** Rows of one conversation by seq. What is done to messages works on those that are there; what is over goes by itself. */
export class RowSet {
  readonly #parts: ClientParts;
  readonly #rules: MessageRows;
  readonly #changed: () => void;
  readonly #rows = new Map<number, MessageRow>();
  #timerAtMs = 0;
  #cancelTimer: CancelTimer = () => {};

  /** `changed` is called when a row goes because its time is over. */
  constructor(parts: ClientParts, changed: () => void) {
    this.#parts = parts;
    this.#rules = new MessageRows(parts);
    this.#changed = changed;
  }

  get size(): number {
    return this.#rows.size;
  }

  /** By seq. */
  get all(): readonly MessageRow[] {
    return [...this.#rows.values()].sort((a, b) => a.seq - b.seq);
  }

  get(seq: number): MessageRow | undefined {
    return this.#rows.get(seq);
  }

  /** Takes a message, or whatever else is shown; false for what is no row. Of two states the later one stays. */
  take(told: Told): boolean {
    const row = this.#rules.rowOf(told);
    if (row === undefined) return false;
    const held = this.#rows.get(row.seq);
    // What the server gave last wins over what is no newer.
    const isLater = (row.state?.version ?? 0) >= (held?.state?.version ?? 0) && told.state !== undefined;
    if (held === undefined || isWithheld(row) || isLater) this.#put(row);
    return true;
  }

  /** Takes the server's word, whatever is held. */
  replace(told: Told): void {
    const row = this.#rules.rowOf(told);
    if (row !== undefined && this.#rows.has(row.seq)) this.#put(row);
  }

  /** Lets an event work on the rows that it touches. False when nothing has changed. */
  fold(source: ConversationEvent): boolean {
    const touched = source.body?.type === 'erased' ? [...this.#rows.keys()] : targetsOf(source);
    return touched.reduce((isChanged, seq) => this.#change(seq, (row) => this.#rules.fold(row, source)) || isChanged, false);
  }

  /** Gives a row another state. */
  setState(seq: number, change: (state: MessageState | undefined) => MessageState | undefined): boolean {
    return this.#change(seq, (row) => this.#rules.withState(row, change(row.state)));
  }

  /** The user has deleted it for themselves. */
  withhold(seq: number): boolean {
    return this.#change(seq, (row) => this.#rules.withhold(row));
  }

  /** What lies outside goes. */
  clip(fromSeq: number, toSeq = Number.MAX_SAFE_INTEGER): void {
    for (const seq of [...this.#rows.keys()]) if (seq < fromSeq || seq > toSeq) this.#rows.delete(seq);
  }

  clear(): void {
    this.#rows.clear();
    this.rest();
  }

  /** From now on nothing goes by itself: a timer would keep the program running. */
  rest(): void {
    this.#cancelTimer();
    this.#timerAtMs = 0;
  }

  /** What there is to see, by seq, with what own acts will do to it that are on their way. */
  shown(acts: readonly SendHandle[]): readonly TimelineEvent[] {
    const rows = this.all.filter((row) => !isWithheld(row));
    if (acts.length === 0) return rows.map(({ event }) => event);
    const effects = acts.map((handle) => this.#effectOf(handle)).filter((effect) => effect !== undefined);
    return effects
      .reduce<readonly MessageRow[]>((seen, effect) => seen.map((row) => this.#expected(row, effect)), rows)
      .filter((row) => !isWithheld(row))
      .map(({ event }) => event);
  }

  #put(row: MessageRow): void {
    this.#rows.set(row.seq, row);
    const { expiresMs = 0, removal = Removal.UNSPECIFIED } = row.state ?? {};
    if (expiresMs > 0 && removal === Removal.UNSPECIFIED && !row.isOver) this.#wakeAt(expiresMs);
  }

  #change(seq: number, change: (row: MessageRow) => MessageRow): boolean {
    const row = this.#rows.get(seq);
    if (row === undefined) return false;
    const after = change(row);
    if (after !== row) this.#put(after);
    return after !== row;
  }

  /** What the act will have done, before it has a place: behind everything else. */
  #effectOf({ request, conversation, clientMsgId }: SendHandle): ConversationEvent | undefined {
    const { self, clock } = this.#parts;
    const seq = Number.MAX_SAFE_INTEGER;
    const sender = self();
    const body = effectOf(request, sender);
    const place = { conversation, seq, messageId: '', sender, timeMs: clock.now(), priority: Priority.MEDIUM, clientMsgId };
    return body && { ...place, options: undefined, body };
  }

  #expected(row: MessageRow, effect: ConversationEvent): MessageRow {
    const { body } = effect;
    if (body?.type === 'hidden') return body.value.seqs.includes(row.seq) ? this.#rules.withhold(row) : row;
    if (body?.type === 'reaction' && body.value.seq === row.seq && this.#shows(row, body.value.reaction) !== body.value.isRemoved)
      return row;
    const after = this.#rules.fold(row, effect);
    if (after === row || after.state === undefined) return row;
    return this.#rules.withState(after, { ...after.state, version: row.state?.version ?? 0 });
  }

  /** Whether the user shows this reaction already. */
  #shows({ event }: MessageRow, reaction: string): boolean {
    return event.type === 'message' && event.details?.reactions.some((shown) => shown.reaction === reaction && shown.isOwn) === true;
  }

  #wakeAt(atMs: number): void {
    if (this.#timerAtMs !== 0 && this.#timerAtMs <= atMs) return;
    const { clock } = this.#parts;
    this.#cancelTimer();
    this.#timerAtMs = atMs;
    this.#cancelTimer = clock.setTimer(Math.min(Math.max(0, atMs - clock.now()), liveLimits.timerMsMax), () => this.#expire());
  }

  #expire(): void {
    this.#timerAtMs = 0;
    let isChanged = false;
    for (const seq of [...this.#rows.keys()]) isChanged = this.#change(seq, (row) => this.#rules.expire(row)) || isChanged;
    for (const row of this.#rows.values()) this.#put(row);
    if (isChanged) this.#changed();
  }
}
