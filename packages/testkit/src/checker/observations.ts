/** What was done to a message. Of an edit in history the text may be gone. */
export type MessageAct =
  | { readonly type: 'edit'; readonly target: number; readonly text: string }
  | { readonly type: 'recall' | 'delete'; readonly target: number }
  | { readonly type: 'react'; readonly target: number; readonly reaction: string; readonly isRemoved: boolean }
  | { readonly type: 'pin'; readonly target: number; readonly isRemoved: boolean };

/** One call to send a message, or to do something to one. Times are positions in one order over all clients (a shared counter). */
export interface ObservedSend {
  readonly sender: string;
  readonly device: string;
  readonly conversation: string;
  readonly clientMsgId: string;
  /** Body, or a hash of it; empty for acts. */
  readonly body: string;
  /** Present for acts. */
  readonly act?: MessageAct;
  readonly priority: string;
  readonly invokedAt: number;
  /** The server refused it for a while, so that others that were under way may have overtaken it. */
  readonly wasPostponed?: boolean;
  readonly outcome: SendOutcome;
}

export type SendOutcome =
  /** Seq 0: an act that changed nothing. */
  | { readonly type: 'ok'; readonly seq: number; readonly at: number }
  | { readonly type: 'refused'; readonly code: string; readonly at: number }
  /** The client never learned what became of it. */
  | { readonly type: 'unknown' };

/** One message, or one act, handed to an application on a device, in the order of `at`. */
export interface ObservedDelivery {
  readonly device: string;
  readonly user: string;
  readonly conversation: string;
  readonly seq: number;
  readonly sender: string;
  /** Empty for messages that are gone. */
  readonly clientMsgId: string;
  readonly body: string;
  /** Present for acts. */
  readonly act?: MessageAct;
  readonly at: number;
}

/** A stored event as the server tells it once everything has come to rest. */
export interface StoredEvent {
  readonly seq: number;
  /** Empty for notices of the server. */
  readonly sender: string;
  /** Empty for notices, and for messages that are gone. */
  readonly clientMsgId: string;
  /** As it is now; empty for acts and for what is gone. */
  readonly body: string;
  /** Present for acts. */
  readonly act?: MessageAct;
  /** Neither a message nor an act. */
  readonly isNotice?: boolean;
  /** Present where somebody came or went. */
  readonly members?: { readonly joined: readonly string[]; readonly left: readonly string[] };
}

/** A message as somebody is shown it in the end. */
export interface SeenMessage {
  /** Empty where it is gone. */
  readonly text: string;
  readonly isRemoved: boolean;
  /** How many reacted so; none with 0. */
  readonly reactions: ReadonlyMap<string, number>;
  readonly isPinned: boolean;
}

/** What an observer shows of a conversation once everything has come to rest, by seq. */
export interface MessageView {
  /** For people: a device, or the server, and how it came to that. */
  readonly observer: string;
  /** Empty for who sees everything. */
  readonly user: string;
  readonly conversation: string;
  readonly messages: ReadonlyMap<number, SeenMessage>;
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
  /** Somebody was handed, or shown, what is outside of the membership. */
  | 'trespass'
  /** A room went from one state to another, and nothing that was done leads there; or an act has a place and no effect. */
  | 'unexplained'
  /** A counter is not the sum of what was added to it, or an unread count not what the formula says. */
  | 'miscounted';

export interface Anomaly {
  readonly type: AnomalyType;
  readonly conversation: string;
  /** What was seen, for people. */
  readonly detail: string;
}
