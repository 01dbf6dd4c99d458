import type { LaneCommandInit } from '@parley/contracts/events';
import type { Delivery, LinkClass, Outcome } from '@parley/contracts/router';
import type { Lane } from '@parley/lanes';

/**
 * A process's way to the routers: commands go into lanes, outcomes and deliveries come back over links.
 * It follows the owner directory: when a partition's owner changes or a link breaks, the affected
 * channels are announced again by themselves.
 */
export interface RouterClient extends AsyncDisposable {
  /** Id of this process; goes into Origin.peer. */
  readonly peer: string;
  /**
   * Puts a command into the lane of its conversation. Commands of one tick travel together, in order.
   * When the lane refuses, `outcome` is called with OVERLOADED or UNAVAILABLE for the command's origin.
   */
  submit(lane: Lane, command: LaneCommandInit): void;
  /** Repeating it with another `isConnected` updates the presence of a user channel. */
  subscribe(app: string, channel: string, isConnected: boolean): void;
  unsubscribe(app: string, channel: string): void;
  /**
   * How long commands of the lane wait of late before the conversation's router decides about them, milliseconds: as
   * that router tells, or as they wait in this process already, whichever is longer. 0 while nothing is known.
   */
  queueingDelayMs(lane: Lane, app: string, conversation: string): number;
}

export interface RouterClientEvents {
  /** What became of a command of this process. At most once per command; never, when the way back was lost. */
  outcome(outcome: Outcome): void;
  /** Deliveries of one class come in the order in which the router made them; the classes overtake each other. */
  delivery(delivery: Delivery, linkClass: LinkClass): void;
  /**
   * From now on every event of the channel is delivered. `headSeq`: head of a group's or room's conversation.
   * `isFirst` is false when the subscription had been interrupted: events may have been missed.
   */
  subscribed(app: string, channel: string, headSeq: number, isFirst: boolean): void;
}
