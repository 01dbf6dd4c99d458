import type { AppRules } from '@parley/domain';
import { limits } from '@parley/kernel';
import { type CursorMoved, encodeConversationEvent, Priority } from '@parley/wire';
import type { Publication } from '../../fanout/publication.js';
import { type ActEvent, publicationFor } from './act-publications.js';
import type { Cursor } from './cursors.js';

export interface CursorNews {
  /** Where the cursor stood; absent where that is not known. */
  readonly before: Cursor | undefined;
  readonly after: CursorMoved;
  /** What others may know of it. */
  readonly rules: Pick<AppRules, 'tellsReading' | 'tellsDelivery'>;
}

/**
 * Whom a cursor's move concerns: the user's own devices; of two users the other one; in groups with read lists those who
 * have asked for receipts of what it passed. As far as the app lets others know, and nobody of one who has left.
 */
export function cursorPublications(act: ActEvent, news: CursorNews): readonly Publication[] {
  const { user } = news.after;
  const { tellsReading, tellsDelivery } = news.rules;
  const { conversation, members } = act.state;
  if (conversation.type === 'user') return pairPublications(act, news);
  const own = publicationFor(act, user);
  const hasReaders = conversation.type === 'group' && members.has(user) && members.size <= limits.receiptMembersMax;
  if (!hasReaders || (!tellsReading && !tellsDelivery)) return [own];
  return [own, ...receiptPublications(act, news)];
}

function pairPublications(act: ActEvent, news: CursorNews): readonly Publication[] {
  const { user } = news.after;
  const { tellsReading, tellsDelivery } = news.rules;
  const { conversation } = act.state;
  const peer = conversation.type === 'user' ? conversation.users.find((each) => each !== user) : undefined;
  if (peer === undefined || (!tellsReading && !tellsDelivery)) return [publicationFor(act, user)];
  if (tellsReading && tellsDelivery) return [publicationFor(act, user, peer)];
  const shown = {
    ...news.after,
    readSeq: tellsReading ? news.after.readSeq : 0,
    countable: tellsReading ? news.after.countable : 0,
    deliveredSeq: tellsDelivery ? news.after.deliveredSeq : 0,
  };
  return [publicationFor(act, user), tellUser(act, peer, { type: 'cursor', value: shown })];
}

/**
 * The senders of messages that the cursor has passed, and who are still there, learn that there is something new to ask for:
 * it is not counted here.
 */
function receiptPublications(act: ActEvent, { before, after, rules }: CursorNews): readonly Publication[] {
  const { receiptWishes: wishes, members } = act.state;
  if (wishes === undefined) return [];
  const read = wishes.passed(after.user, before?.readSeq ?? 0, rules.tellsReading ? after.readSeq : 0);
  const delivered = wishes.passed(after.user, before?.deliveredSeq ?? 0, rules.tellsDelivery ? after.deliveredSeq : 0);
  const senders = new Set([...read.keys(), ...delivered.keys()]);
  return [...senders]
    .filter((sender) => members.has(sender))
    .map((sender) => {
      const seqs = new Set([...(read.get(sender) ?? []), ...(delivered.get(sender) ?? [])]);
      const receipts = [...seqs].map((seq) => ({ seq, readCount: 0, deliveredCount: 0, memberCount: 0 }));
      return tellUser(act, sender, { type: 'receipts', value: { receipts } });
    });
}

function tellUser(act: ActEvent, user: string, body: ActEvent['body']): Publication {
  const { conversation } = act.command;
  const own = publicationFor(act, user);
  return { ...own, event: encodeConversationEvent({ conversation, priority: Priority.MEDIUM, body, ...act.stamp }) };
}
