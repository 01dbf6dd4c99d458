import type { PendingForwardInit } from '@parley/contracts/events';
import type { Refusal, Result } from '@parley/kernel';

/** What every event of a service says about itself. */
export interface AggregateEvent {
  readonly app: string;
  readonly version: number;
}

/** Names one group or room within the cluster. */
export interface AggregateName {
  readonly app: string;
  /** `g:<group>` or `r:<room>`: also the conversation whose members it decides about. */
  readonly conversation: string;
}

/** What an event means to the router and to those who listen. What is absent stays as it is. */
export type Forward = Omit<PendingForwardInit, 'index'>;

/** Everything in which groups and rooms differ. All functions are pure. */
export interface AggregateKind<State, Command, Event extends AggregateEvent> {
  /** Name in the owner directory, in metrics and in logs. */
  readonly service: string;
  /** Topic that the service owns. */
  readonly topic: string;
  readonly initial: State;
  readonly decide: (state: State, command: Command) => Result<readonly Event[], Refusal>;
  readonly evolve: (state: State, event: Event) => State;
  /** Whether the state is as good as none and need not be kept. */
  readonly isInitial: (state: State) => boolean;
  readonly encodeState: (state: State) => Uint8Array;
  readonly decodeState: (bytes: Uint8Array) => State;
  /** Two encoded lists put together are the encoding of the joined list, as with every repeated field of protobuf. */
  readonly encodeEvents: (events: readonly Event[]) => Uint8Array;
  readonly decodeEvents: (bytes: Uint8Array) => readonly Event[];
  /**
   * What an event, with the state that it led to and the one before, means outside; undefined where it means nothing.
   * The event that ends an aggregate means something. Forwards without a change carry notices only.
   */
  readonly forwardOf: (event: Event, after: State, before: State) => Forward | undefined;
  /**
   * Whether each change takes a place of its own in the conversation (groups). Where it does not (rooms),
   * what waits is merged into one command.
   */
  readonly isMembershipStored: boolean;
}

/** Key of an aggregate in the log, in snapshots and in memory. */
export const keyOf = ({ app, conversation }: AggregateName): string => `${app}/${conversation}`;

/** The inverse of {@link keyOf}; app ids hold no slash. */
export function nameOf(key: string): AggregateName {
  const slash = key.indexOf('/');
  return { app: key.slice(0, slash), conversation: key.slice(slash + 1) };
}
