import { decodeAggregateSnapshot, encodeAggregateSnapshot, type PendingForward } from '@parley/contracts/events';
import type { AcceptedRecord } from '@parley/ownedlog';
import type { AggregateEvent, AggregateKind } from './aggregate-kind.js';

/** What a recovery found besides the states: changes that the routers may not have. */
export type RecoveredForwards = ReadonlyMap<string, readonly PendingForward[]>;

/** The aggregates of one partition: the fold of its log. */
export class AggregateStates<State, Command, Event extends AggregateEvent> {
  readonly #kind: AggregateKind<State, Command, Event>;
  /** Also holds what is gone while its last changes are on their way, so that a snapshot sees them. */
  readonly #states = new Map<string, State>();
  #recovered = new Map<string, PendingForward[]>();

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

  /** Recovery: takes the state of an aggregate from a snapshot. */
  restore(key: string, bytes: Uint8Array): void {
    const { state, forwards } = decodeAggregateSnapshot(bytes);
    this.#states.set(key, state.length === 0 ? this.#kind.initial : this.#kind.decodeState(state));
    this.#recovered.set(key, [...forwards]);
  }

  /** Recovery: folds a record. */
  fold(record: AcceptedRecord): void {
    if (record.payload.length === 0) return;
    const { key, index } = record;
    const events = this.#kind.decodeEvents(record.payload);
    this.#states.set(
      key,
      events.reduce((state, event) => this.#kind.evolve(state, event), this.get(key)),
    );
    const forwards = this.#recovered.get(key) ?? [];
    this.#recovered.set(key, forwards);
    for (const event of events) forwards.push({ index, change: this.#kind.membershipOf(event) });
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
