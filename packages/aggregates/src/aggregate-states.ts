import { createPendingForward, decodeAggregateSnapshot, encodeAggregateSnapshot, type PendingForward } from '@parley/contracts/events';
import type { AcceptedRecord } from '@parley/ownedlog';
import { type AggregateEvent, type AggregateKind, type AggregateName, nameOf } from './aggregate-kind.js';
import { foldEvents } from './decide-batch.js';
import { inputs } from './positions.js';

/** What a recovery found besides the states: changes that the routers may not have. */
export type RecoveredForwards = ReadonlyMap<string, readonly PendingForward[]>;

/** The aggregates of one partition: the fold of its log. */
export class AggregateStates<State, Command, Event extends AggregateEvent> {
  readonly #kind: AggregateKind<State, Command, Event>;
  /** Also holds what is gone while its last changes are on their way, so that a snapshot sees them. */
  readonly #states = new Map<string, State>();
  #recovered = new Map<string, PendingForward[]>();
  /** What the records so far say to be confirmed. */
  #confirmedIndex = 0;

  constructor(kind: AggregateKind<State, Command, Event>) {
    this.#kind = kind;
  }

  get size(): number {
    return this.#states.size;
  }

  get(key: string): State {
    return this.#states.get(key) ?? this.#kind.initial;
  }

  set(key: string, state: State): void {
    this.#states.set(key, state);
  }

  /** Drops the state if it says nothing. */
  forgetIfInitial(key: string): void {
    const state = this.#states.get(key);
    if (state !== undefined && this.#kind.isInitial(state)) this.#states.delete(key);
  }

  /** Every aggregate that there is; live: it may be iterated while they come and go. */
  *aggregates(): Generator<readonly [AggregateName, State]> {
    for (const [key, state] of this.#states) {
      if (!this.#kind.isInitial(state)) yield [nameOf(key), state];
    }
  }

  /** Recovery: takes the state of an aggregate from a snapshot. */
  restore(key: string, bytes: Uint8Array): void {
    const { state, forwards } = decodeAggregateSnapshot(bytes);
    this.#states.set(key, state.length === 0 ? this.#kind.initial : this.#kind.decodeState(state));
    this.#recovered.set(key, [...forwards]);
  }

  /** Recovery: folds a record. */
  fold(record: AcceptedRecord): void {
    this.#confirmedIndex = Math.max(this.#confirmedIndex, record.positions.get(inputs.forwarded) ?? 0);
    if (record.payload.length === 0) return;
    const { key, index } = record;
    const { after, forwards } = foldEvents(this.#kind, this.get(key), this.#kind.decodeEvents(record.payload));
    this.#states.set(key, after);
    const open = (this.#recovered.get(key) ?? []).filter((forward) => forward.index > this.#confirmedIndex);
    for (const forward of forwards) open.push(createPendingForward({ ...forward, index }));
    this.#recovered.set(key, open);
  }

  /** Ends the recovery: hands over what records behind `confirmedIndex` may have left undone. */
  finishRecovery(confirmedIndex: number): RecoveredForwards {
    const found = new Map<string, PendingForward[]>();
    for (const [key, forwards] of this.#recovered) {
      const open = forwards.filter((forward) => forward.index > confirmedIndex);
      if (open.length > 0) found.set(key, open);
      else this.forgetIfInitial(key);
    }
    this.#recovered = new Map();
    return found;
  }

  /** Entries for a snapshot, encoded when they are pulled; live, as the owned log asks for. */
  *entries(pendingOf: (key: string) => readonly PendingForward[]): Generator<readonly [string, Uint8Array]> {
    for (const [key, state] of this.#states) {
      const bytes = this.#kind.isInitial(state) ? new Uint8Array(0) : this.#kind.encodeState(state);
      yield [key, encodeAggregateSnapshot({ state: bytes, forwards: pendingOf(key) })];
    }
  }
}
