import { ParleyError } from '@parley/kernel';
import type { AggregateEvent, AggregateKind, AggregateName, Forward } from './aggregate-kind.js';
import type { AggregateStates } from './aggregate-states.js';
import { aggregateLimits } from './limits.js';
import type { PartitionClock, Stamp } from './partition-clock.js';

/** A command on its way to its decision. */
export interface CommandRequest<Command> {
  readonly name: AggregateName;
  readonly key: string;
  readonly command: (stamp: Stamp) => Command;
}

/** What became of one command: the state behind it, or why not. Valid once the batch is committed. */
type Verdict<State, Event> =
  | { readonly type: 'accepted'; readonly state: State; readonly events: readonly Event[] }
  | { readonly type: 'refused'; readonly error: ParleyError };

/** What a batch does to one aggregate. */
export interface AggregateChange<State, Event> {
  readonly name: AggregateName;
  readonly state: State;
  readonly events: readonly Event[];
  /** Encoded events, in pieces that make up a whole. */
  readonly pieces: readonly Uint8Array[];
  /** In order; events that mean nothing outside have none. */
  readonly forwards: readonly Forward[];
}

export interface DecidedBatch<State, Event, Request> {
  readonly decisions: readonly { readonly request: Request; readonly verdict: Verdict<State, Event> }[];
  /** What changes, by key. */
  readonly changes: ReadonlyMap<string, AggregateChange<State, Event>>;
  /** Of the partition's clock: not below any version in the batch. */
  readonly version: number;
}

export interface BatchContext<State, Command, Event extends AggregateEvent> {
  readonly kind: AggregateKind<State, Command, Event>;
  readonly states: AggregateStates<State, Command, Event>;
  readonly clock: PartitionClock;
}

interface OpenChange<State, Event> extends AggregateChange<State, Event> {
  state: State;
  readonly events: Event[];
  readonly pieces: Uint8Array[];
  readonly forwards: Forward[];
}

/**
 * Decides commands one after the other, each on the state that the ones before it lead to. Commits nothing.
 * Takes from `next` until there is none or the batch is as large as it may be.
 */
export function decideBatch<State, Command, Event extends AggregateEvent, Request extends CommandRequest<Command>>(
  { kind, states, clock }: BatchContext<State, Command, Event>,
  next: () => Request | undefined,
): DecidedBatch<State, Event, Request> {
  const { batchCommandsMax, batchBytesMax } = aggregateLimits;
  const changes = new Map<string, OpenChange<State, Event>>();
  const decisions: { request: Request; verdict: Verdict<State, Event> }[] = [];
  let bytes = 0;

  function decide({ name, key, command }: Request): Verdict<State, Event> {
    const known = changes.get(key);
    const state = known?.state ?? states.get(key);
    const decision = kind.decide(state, command(clock.stamp()));
    if (!decision.ok) return { type: 'refused', error: ParleyError.of(decision.error) };
    const events = decision.value;
    if (events.length === 0) return { type: 'accepted', state, events };
    const { after, forwards } = foldEvents(kind, state, events);
    // Nothing is changed above this line, so that a fault leaves no trace.
    const piece = kind.encodeEvents(events);
    bytes += piece.length;
    for (const event of events) clock.passBy(event.version);
    const change = known ?? { name, state: after, events: [], pieces: [], forwards: [] };
    change.state = after;
    change.events.push(...events);
    change.pieces.push(piece);
    change.forwards.push(...forwards);
    changes.set(key, change);
    return { type: 'accepted', state: after, events };
  }

  function verdictOf(request: Request): Verdict<State, Event> {
    try {
      return decide(request);
    } catch (error) {
      // A fault in one decision must not fail the commands of others.
      return { type: 'refused', error: ParleyError.from(error) };
    }
  }

  while (decisions.length < batchCommandsMax && bytes < batchBytesMax) {
    const request = next();
    if (request === undefined) break;
    decisions.push({ request, verdict: verdictOf(request) });
  }
  return { decisions, changes, version: clock.last };
}

/** The state behind the events, and what they mean outside. */
export function foldEvents<State, Command, Event extends AggregateEvent>(
  kind: AggregateKind<State, Command, Event>,
  state: State,
  events: readonly Event[],
): { readonly after: State; readonly forwards: readonly Forward[] } {
  const forwards: Forward[] = [];
  let after = state;
  for (const event of events) {
    const before = after;
    after = kind.evolve(before, event);
    const forward = kind.forwardOf(event, after, before);
    if (forward !== undefined) forwards.push(forward);
  }
  return { after, forwards };
}
