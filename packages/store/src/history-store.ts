/** A place in an owned log up to which it was read: the next offset, the fence in force, the last index accepted. */
export interface LogPosition {
  readonly offset: number;
  readonly fence: number;
  readonly index: number;
}

/** How far a partition of the timeline is projected. */
export interface HistoryCheckpoint {
  readonly position: LogPosition;
  /** A position at least a minute of event time before `position` (or the log's start): a router that takes over reads from here. */
  readonly tail: LogPosition;
  readonly timeMs: number;
}

/**
 * The read model of conversations. Every write is idempotent and carries the timeline offset it comes
 * from. All rows of a conversation come from one partition. Ids hold no zero byte.
 */
export interface HistoryStore extends AsyncDisposable {
  /** Made with the store, and anew when it is wiped. */
  epoch(): Promise<string>;
  checkpoint(partition: number): Promise<HistoryCheckpoint | undefined>;
  checkpoints(): Promise<ReadonlyMap<number, HistoryCheckpoint>>;
  /**
   * Writes a batch and then its checkpoint. Applying it again, also after later batches, changes nothing.
   * When it resolves, reads see it; after a crash either the checkpoint does not cover it or it is there,
   * so what is read back from `checkpoint` after a restart may lie behind what had been applied.
   * Batches of one partition come in the order of the log, one at a time: await one before the next.
   * A rejected batch may be written in part, never with its checkpoint; apply the same batch again.
   * Event bytes are kept as they are given and must not change afterwards.
   */
  apply(partition: number, batch: HistoryBatch): Promise<void>;

  conversation(app: string, conversation: string): Promise<ConversationRow | undefined>;
  /**
   * Events with `from` ≤ seq (or seq ≤ `from` backwards), in the order asked for, at most `limit`. From the
   * conversation's `keptFromSeq` on they are complete, except for a room's that are older than
   * `limits.roomHistoryMs`; what lies below may be gone or still there.
   */
  events(app: string, conversation: string, range: EventRange): Promise<readonly EventRow[]>;
  /** The send of this client id, as long as it is at most seven days old. */
  findSend(app: string, conversation: string, sender: string, clientMsgId: string): Promise<SendRow | undefined>;
  /** One member, also one who has left. */
  member(app: string, conversation: string, user: string): Promise<MemberRow | undefined>;
  /** Of these users the ones that have a row, in any order; one question instead of one per user. */
  membersAmong(app: string, conversation: string, users: readonly string[]): Promise<readonly MemberRow[]>;
  /** Members by user id, also those who have left; `after` continues behind a user. */
  members(app: string, conversation: string, page: PageRequest): Promise<readonly MemberRow[]>;
  /** Conversation ids of a user, sorted; `after` continues behind an id. */
  conversationsOf(app: string, user: string, page: PageRequest): Promise<readonly string[]>;

  /** The value under a key, or undefined. */
  detail(key: DetailKey): Promise<Uint8Array | undefined>;
  /**
   * Rows of a space by key, in the order asked for; keys are compared by code points, as the bytes of their UTF-8 are.
   * Costs as much as the page, however many rows the space has.
   */
  details(app: string, space: string, range: DetailRange): Promise<readonly DetailRow[]>;
  /** All conversations, in an order of the store's own; `after` continues behind one. For sweeps. */
  allConversations(page: { readonly after?: ConversationKey; readonly limit: number }): Promise<readonly ConversationRow[]>;
  /**
   * Replaces rows without a place in the log: what follows from time, or from what is in the store already. Counts as
   * written with the partition's newest batch: it replaces what that and older ones wrote, what follows replaces it, and
   * older batches that are replayed leave it alone. A conversation's row whose head or membership is older than what is
   * there changes nothing. Visible when it resolves; in a crash it is lost at worst.
   */
  amend(partition: number, rows: HistoryAmendment): Promise<void>;
  /**
   * Forgets everything and begins a new epoch. Batches that were under way are refused or forgotten as well: from now on
   * a partition takes batches and amendments only after its `checkpoint` was asked for, and refuses them with a
   * HistoryWipedError until then. When it rejects, wipe again.
   */
  wipe(): Promise<void>;
  /**
   * Sees to it that nothing of what was deleted or replaced is left in the store's files: at once where it can,
   * else when it is opened next. Where the files are not ours (Cassandra) it does nothing, and an operator has to.
   */
  compact(): Promise<void>;
}

/** Rows that replace others, see `HistoryStore.amend`. */
export type HistoryAmendment = Pick<HistoryBatch, 'events' | 'conversations' | 'details'>;

/** Names one row of details. `space` and `key` are well-formed Unicode of at most 256 characters; no part holds a zero byte. */
export interface DetailKey {
  readonly app: string;
  /**
   * Rows of one space lie together and are read in the order of their keys; those of a batch are written as one, or, where a
   * store cannot take so many at once, in the order given.
   */
  readonly space: string;
  /** May be empty. */
  readonly key: string;
}

/** A value whose meaning is the caller's. */
export interface DetailRow extends DetailKey {
  /** Empty: the row goes. Must not change afterwards. */
  readonly value: Uint8Array;
}

export interface DetailRange {
  /** First key, included; absent: from the first, or backwards from the last. */
  readonly from?: string;
  /** Only keys that begin so. */
  readonly prefix?: string;
  readonly limit: number;
  readonly isBackwards?: boolean;
}

export interface PageRequest {
  readonly after?: string;
  readonly limit: number;
}

export interface EventRange {
  readonly from: number;
  readonly limit: number;
  readonly backwards: boolean;
}

export interface HistoryBatch {
  /** Offset of the newest timeline record in the batch; orders the writes of one conversation. */
  readonly offset: number;
  readonly events: readonly EventRow[];
  readonly conversations: readonly ConversationRow[];
  /** Conversations whose member rows all go, before those of this batch are written: rooms that were destroyed. */
  readonly emptied: readonly ConversationKey[];
  readonly members: readonly MemberRow[];
  readonly sends: readonly SendRow[];
  /** Conversations that users have now. */
  readonly memberships: readonly UserConversation[];
  /** Conversations that users have no more: rooms that they left. None of them is in `memberships` as well. */
  readonly departures: readonly UserConversation[];
  /** Each key once. */
  readonly details: readonly DetailRow[];
  readonly checkpoint: HistoryCheckpoint;
}

export interface EventRow {
  readonly app: string;
  readonly conversation: string;
  readonly seq: number;
  /** Encoded ConversationEvent. */
  readonly event: Uint8Array;
  /** Countable events up to and including this one. */
  readonly countable: number;
}

export interface ConversationKey {
  readonly app: string;
  readonly conversation: string;
}

export interface ConversationRow extends ConversationKey {
  readonly headSeq: number;
  readonly countable: number;
  readonly updatedMs: number;
  readonly membershipVersion: number;
  readonly closed: boolean;
  /** Encoded SpeakingRules as the timeline gave them last; empty where it never did. Must not change afterwards. */
  readonly speaking: Uint8Array;
  /** parley.event.v1.HistoryAccess; 0 where the timeline never said. */
  readonly historyAccess: number;
  /** First seq that is kept; 0 where all are. A store deletes the events below when it gets to it. Never goes back. */
  readonly keptFromSeq: number;
  /** Whatever else is known of the conversation, encoded by the caller; empty: nothing. Must not change afterwards. */
  readonly details: Uint8Array;
}

/** When a user was in a conversation: the last span is open while they are. */
export interface MemberRow {
  readonly app: string;
  readonly conversation: string;
  readonly user: string;
  /** Membership version of the newest change that this row reflects. */
  readonly version: number;
  readonly spans: readonly MembershipSpan[];
}

export interface MembershipSpan {
  /** First seq that belongs to it. */
  readonly from: number;
  /** Last seq that belongs to it; undefined while it lasts. */
  readonly to?: number;
}

export interface SendRow {
  readonly app: string;
  readonly conversation: string;
  readonly sender: string;
  readonly clientMsgId: string;
  readonly seq: number;
  readonly messageId: string;
  readonly timeMs: number;
  readonly bodyHash: number;
}

export interface UserConversation {
  readonly app: string;
  readonly user: string;
  readonly conversation: string;
}
