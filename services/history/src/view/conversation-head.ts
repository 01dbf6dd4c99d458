import type { RulesBook } from '@parley/domain';
import type { EventRow } from '@parley/store';
import type { ConversationHeadInit } from '@parley/wire';
import { historyLimits } from '../limits.js';
import type { HeldConversation } from '../rows/held-conversation.js';
import { isStaying } from '../rows/member-state.js';
import { boundsOf, type Entitlement, type EntitlementDeps } from './entitlement.js';
import { isMessage, present, type PresentDeps, type ShownEvent } from './present.js';
import { unreadOf } from './unread.js';
import { visibleMentions } from './visible-mentions.js';

export interface HeadDeps extends EntitlementDeps, PresentDeps {
  readonly rules: RulesBook;
}

/** When a conversation changed last for a user: of what is said after they left they learn nothing. */
export function updatedMsOf({ row }: HeldConversation, { state, isMember }: Pick<Entitlement, 'state' | 'isMember'>): number {
  return isMember || (row.closed && isStaying(state)) ? Math.max(row.updatedMs, state.updatedMs) : state.updatedMs;
}

/** A conversation as it stands in a user's list. */
export async function conversationHead(deps: HeadDeps, held: HeldConversation, entitlement: Entitlement): Promise<ConversationHeadInit> {
  const { row, details } = held;
  const { isMember, memberSinceSeq, state } = entitlement;
  const unread = unreadOf(held, entitlement);
  const [mentions, last] = await Promise.all([
    visibleMentions(deps, { held, entitlement }, unread.mentions),
    lastMessage(deps, held, entitlement),
  ]);
  return {
    conversation: row.conversation,
    ...boundsOf(entitlement),
    updatedMs: updatedMsOf(held, entitlement),
    isMember,
    memberSinceSeq,
    unread: unread.count,
    mentions: mentions.map(({ seq }) => seq),
    hiddenMs: state.hiddenMs,
    silentMentions: mentions.flatMap(({ seq, isSilent }) => (isSilent ? [seq] : [])),
    readSeq: state.readSeq,
    deliveredSeq: state.deliveredSeq,
    ...peerCursor(deps.rules, held, entitlement.viewer),
    settings: state.settings,
    lastEvent: last?.event,
    lastState: last?.state,
    countable: isMember ? row.countable : 0,
    rules: details.rules,
    isClosed: row.closed,
    memberCount: details.memberCount,
  };
}

/** Where the other one of two stands, as far as the app tells. */
function peerCursor(rules: RulesBook, { row, details }: HeldConversation, user: string): ConversationHeadInit {
  const cursor = details.cursors.find((other) => other.user !== user);
  if (cursor === undefined) return {};
  const { tellsReading, tellsDelivery } = rules.rulesOf(row.app);
  const read = tellsReading ? { peerReadSeq: cursor.readSeq, peerReadMs: cursor.readings[0]?.timeMs ?? 0 } : {};
  return tellsDelivery ? { ...read, peerDeliveredSeq: cursor.deliveredSeq } : read;
}

/** The newest message that the viewer may see; looked for among the newest events only. */
async function lastMessage(deps: HeadDeps, held: HeldConversation, entitlement: Entitlement): Promise<ShownEvent | undefined> {
  const { app, conversation } = held.row;
  const { lastSeq } = held.details;
  let left: number = historyLimits.lastMessageLooks;
  let page = 1;
  for (const span of entitlement.spans.toReversed()) {
    for (let from = Math.min(span.to, lastSeq); from >= span.from && left > 0; ) {
      const limit = Math.min(page, left, from - span.from + 1);
      const rows = await deps.store.events(app, conversation, { from, limit, backwards: true });
      const found = await newestShown(
        deps,
        { held, entitlement },
        rows.filter(({ seq }) => seq >= span.from),
      );
      if (found !== undefined) return found;
      if (rows.length < limit) break;
      left -= limit;
      from -= limit;
      page = 16;
    }
  }
  return undefined;
}

async function newestShown(
  deps: HeadDeps,
  seen: Parameters<typeof present>[1],
  rows: readonly EventRow[],
): Promise<ShownEvent | undefined> {
  const shown = await present(deps, seen, rows);
  return shown.find((each) => !each.isWithheld && isMessage(each));
}
