import type { LaneCommandInit } from '@parley/contracts/events';
import type { Outcome } from '@parley/contracts/router';
import type { Lane } from '@parley/lanes';
import type { AggregateHost } from './aggregate-host.js';
import type { AggregateName } from './aggregate-kind.js';

/** One aggregate of a batch that was committed. */
export interface CommittedChange<State, Event> {
  readonly name: AggregateName;
  /** Once all of the events had happened. */
  readonly state: State;
  readonly events: readonly Event[];
}

/** A partition as this process owns it. */
export interface PartitionView<State, Command, Event> {
  readonly partition: number;
  /** As {@link AggregateHost.versionOf}. Equal versions mean equal states. */
  readonly version: number;
  /** Aborted when the partition is lost or given up. */
  readonly lost: AbortSignal;
  /** Every aggregate, live: it may be iterated while they come and go. */
  aggregates(): Iterable<readonly [AggregateName, State]>;
  /** The committed state. */
  read(name: AggregateName): State;
  /** As {@link AggregateHost.execute}. */
  readonly execute: AggregateHost<State, Command, Event>['execute'];
  /** Puts a command into a lane; resolves with the router's outcome, or undefined when none came in time. */
  ask(lane: Lane, command: RouterCommand, timeoutMs: number): Promise<Outcome | undefined>;
}

/** What is submitted; when and for whom is added. */
export type RouterCommand = Pick<LaneCommandInit, 'app' | 'conversation' | 'body'>;

/** Work beside the commands, for as long as this process owns the partition. */
export interface PartitionCompanion<State, Event> {
  /** Called after each commit, before anybody is answered; must be quick and must not throw. */
  committed(change: CommittedChange<State, Event>): void;
  /** Ends all work; called once. */
  close(): Promise<void>;
}
