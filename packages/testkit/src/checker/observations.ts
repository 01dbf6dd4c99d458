/** One call to send a message. Times are positions in one order over all clients (a shared counter). */
export interface ObservedSend {
  readonly sender: string;
  readonly device: string;
  readonly conversation: string;
  readonly clientMsgId: string;
  /** Body, or a hash of it. */
  readonly body: string;
  readonly priority: string;
  readonly invokedAt: number;
  /** The server refused it for a while, so that others that were under way may have overtaken it. */
  readonly wasPostponed?: boolean;
  readonly outcome: SendOutcome;
}

export type SendOutcome =
  | { readonly type: 'ok'; readonly seq: number; readonly at: number }
  | { readonly type: 'refused'; readonly code: string; readonly at: number }
  /** The client never learned what became of it. */
  | { readonly type: 'unknown' };

/** One message handed to an application on a device, in the order of `at`. */
export interface ObservedDelivery {
  readonly device: string;
  readonly user: string;
  readonly conversation: string;
  readonly seq: number;
  readonly sender: string;
  readonly clientMsgId: string;
  readonly body: string;
  readonly at: number;
}

/** A stored event as the server tells it once everything has come to rest. */
export interface StoredEvent {
  readonly seq: number;
  /** Empty for notices of the server. */
  readonly sender: string;
  readonly clientMsgId: string;
  readonly body: string;
}

/** What a device was entitled to see of a conversation. */
export interface Entitlement {
  readonly device: string;
  readonly conversation: string;
  readonly from: number;
  readonly to: number;
}

/** Everything that was seen in one run. */
export interface Observations {
  readonly sends: readonly ObservedSend[];
  readonly deliveries: readonly ObservedDelivery[];
  /** By conversation, in order of seq. */
  readonly history: ReadonlyMap<string, readonly StoredEvent[]>;
  /** Devices that have to have everything in the end. */
  readonly entitlements: readonly Entitlement[];
}

export type AnomalyType =
  /** Acknowledged, and not in history at its seq. */
  | 'lost'
  /** In history or delivered, and never sent, or refused for good. */
  | 'phantom'
  /** One send has two places, or one device was handed one seq twice. */
  | 'duplicate'
  /** Places contradict the order in which sends were acknowledged, or in which one device sent. */
  | 'reordered'
  /** Two observers disagree about one seq. */
  | 'divergent'
  /** History is not dense from 1. */
  | 'gap'
  /** An entitled device was never handed a seq. */
  | 'missing'
  /** A room went from one state to another, and nothing that was done leads there. */
  | 'unexplained'
  /** A counter is not the sum of what was added to it. */
  | 'miscounted';

export interface Anomaly {
  readonly type: AnomalyType;
  readonly conversation: string;
  /** What was seen, for people. */
  readonly detail: string;
}
