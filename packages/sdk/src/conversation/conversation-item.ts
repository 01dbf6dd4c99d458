import type { ConversationHead, ConversationSettings } from '@parley/wire';
import type { EventDecoder } from '../event-decoder.js';
import type { TimelineEvent } from '../events.js';

/** A conversation in the user's list. Seqs, counts and times in milliseconds since 1970 (UTC). */
export interface ConversationItem {
  readonly conversation: string;
  readonly headSeq: number;
  /** The first seq that this user may see. */
  readonly firstSeq: number;
  readonly updatedMs: number;
  /** False when the user has left the group; what was said until then stays readable. */
  readonly isMember: boolean;
  readonly isClosed: boolean;
  readonly memberCount: number;
  readonly unread: number;
  /** Seqs of unread messages that name the user, or everyone; at most 20, newest first. */
  readonly mentions: readonly number[];
  /** Those of them that do not count in the total while the conversation is muted. */
  readonly silentMentions: readonly number[];
  /** When the user last deleted messages here for themselves; 0: never. */
  readonly hiddenMs: number;
  readonly readSeq: number;
  readonly deliveredSeq: number;
  /** Conversations of two: where the other one stands, as far as the app tells. */
  readonly peerReadSeq: number;
  readonly peerReadMs: number;
  readonly peerDeliveredSeq: number;
  /** Countable messages up to the head: with each live message that counts it is one more. */
  readonly countable: number;
  readonly settings: ConversationSettings;
  readonly destroyAfterMs: number;
  /** The newest message that the user may see, as it is now. */
  readonly last: TimelineEvent | undefined;
}

const plainSettings: ConversationSettings = {
  ...{ pinnedMs: 0, mutedUntilMs: 0, marks: [], draft: '', hiddenSeq: 0, isMarkedUnread: false, clearedSeq: 0, alias: '' },
};

/** A head of an answer in the words of the SDK. A last message that cannot be read is left out. */
export function conversationItemOf(head: ConversationHead, decoder: EventDecoder): ConversationItem {
  const { lastEvent, lastState, rules, settings, memberSinceSeq: _, ...rest } = head;
  const states = lastState === undefined ? [] : [lastState];
  const [last] = lastEvent.length === 0 ? [] : decoder.decodePage({ events: [lastEvent], states }, () => {});
  return { ...rest, settings: settings ?? plainSettings, destroyAfterMs: rules?.destroyAfterMs ?? 0, last: last?.event };
}
