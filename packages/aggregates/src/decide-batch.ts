import { ParleyError } from '@parley/kernel';
import type { AggregateEvent, AggregateKind, AggregateName } from './aggregate-kind.js';
import type { AggregateStates } from './aggregate-states.js';
import type { PartitionClock, Stamp } from './partition-clock.js';

/** A command on its way to its decision. */
export interface CommandRequest<Command> {
  readonly name: AggregateName;
  readonly key: string;
  readonly command: (stamp: Stamp) => Command;
}

/** What became of one command: the state behind it, or why not. Valid once the batch is committed. */
export type Verdict<State> =
  | { readonly type: 'accepted'; readonly state: State; readonly isChanged: boolean }
  | { readonly type: 'refused'; readonly error: ParleyError };

interface AggregateChange<State, Event> {
  readonly state: State;
  readonly events: readonly Event[];
}

export interface DecidedBatch<State, Event> {
  /** In the order of the requests. */
  readonly verdicts: readonly Verdict<State>[];
  /** What changes, by key. */
  readonly changes: ReadonlyMap<string, AggregateChange<State, Event>>;
}

export interface BatchContext<State, Command, Event extends AggregateEvent> {
  readonly kind: AggregateKind<State, Command, Event>;
  readonly states: AggregateStates<State, Command, Event>;
  readonly clock: PartitionClock;
}

/** Decides commands one after the other, each on the state that the ones before it lead to. Commits nothing. */
export function decideBatch<State, Command, Event extends AggregateEvent>(
  { kind, states, clock }: BatchContext<State, Command, Event>,
  requests: readonly CommandRequest<Command>[],
): DecidedBatch<State, Event> {
  const changes = new Map<string, { state: State; readonly events: Event[] }>();

  function decide({ key, command }: CommandRequest<Command>): Verdict<State> {
    const change = changes.get(key);
    const state = change?.state ?? states.get(key);
    const decision = kind.decide(state, command(clock.stamp()));
    if (!decision.ok) return { type: 'refused', error: ParleyError.of(decision.error) };
    if (decision.value.length === 0) return { type: 'accepted', state, isChanged: false };
    const next = decision.value.reduce((folded, event) => kind.evolve(folded, event), state);
    for (const event of decision.value) clock.passBy(event.version);
    if (change === undefined) changes.set(key, { state: next, events: [...decision.value] });
    else {
      change.state = next;
      change.events.push(...decision.value);
    }
    return { type: 'accepted', state: next, isChanged: true };
  }

  const verdicts = requests.map((request): Verdict<State> => {
    try {
      return decide(request);
    } catch (error) {
      // A fault in one decision must not fail the commands of others.
      return { type: 'refused', error: ParleyError.from(error) };
    }
  });
  return { verdicts, changes };
}
