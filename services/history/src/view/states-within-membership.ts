import { decodeReactionRow } from '@parley/contracts/history-rows';
import { foldEvents } from '@parley/fold';
import type { HistoryStore } from '@parley/store';
import { createConversationEvent, type MessageState, Removal } from '@parley/wire';
import { historyLimits } from '../limits.js';
import { blockOf, blockSpace, fromSortable, reactionsPrefix, threadSpace } from '../rows/detail-keys.js';
import type { HeldConversation } from '../rows/held-conversation.js';
import { type Entitlement, mayKnow } from './entitlement.js';

interface Seen {
  readonly held: HeldConversation;
  readonly entitlement: Entitlement;
}

/** What messages have become for one viewer. */
export interface StatesWithin {
  readonly states: ReadonlyMap<number, MessageState>;
  /** Messages whose words were said after the viewer had left. */
  readonly reworded: ReadonlySet<number>;
}

const none: ReadonlySet<number> = new Set();

/**
 * What messages have become, less what was done to them after the viewer had left: they learn of no new words, reactions,
 * answers and pins. What was removed is gone for them as well. Who is there again sees everything.
 */
export async function statesWithinMembership(
  store: HistoryStore,
  seen: Seen,
  states: ReadonlyMap<number, MessageState>,
): Promise<StatesWithin> {
  if (seen.entitlement.isMember) return { states, reworded: none };
  const changed = [...states.values()].filter(({ version }) => !mayKnow(seen.entitlement, version));
  if (changed.length === 0) return { states, reworded: none };
  const within = new Map(states);
  const reworded = new Set<number>();
  const reduce = async (state: MessageState): Promise<void> => {
    if (state.editSeq > 0 && !mayKnow(seen.entitlement, state.editSeq)) reworded.add(state.seq);
    within.set(state.seq, await stateWithin(store, seen, state));
  };
  await Promise.all(changed.map(reduce));
  return { states: within, reworded };
}

async function stateWithin(store: HistoryStore, seen: Seen, state: MessageState): Promise<MessageState> {
  if (state.removal !== Removal.UNSPECIFIED) return { ...state, removedBy: '', removalReason: '' };
  const [reactions, answers] = await Promise.all([reactionsWithin(store, seen, state), answersWithin(store, seen, state)]);
  // When a message was pinned is known, but not by which event: what was touched since counts as not pinned.
  return { ...state, reactions, ...answers, pinnedMs: 0, pinnedBy: '' };
}

/** Those that are still there, of the first ones, folded anew. */
async function reactionsWithin(store: HistoryStore, { held, entitlement }: Seen, { seq, reactions }: MessageState) {
  if (reactions.length === 0) return reactions;
  const { app, conversation } = held.row;
  const range = { prefix: reactionsPrefix(seq), limit: historyLimits.reactionsLookedAt };
  const rows = (await store.details(app, blockSpace(conversation, blockOf(seq)), range)).map(({ value }) => decodeReactionRow(value));
  const isErased = (user: string, at: number): boolean => held.details.erased.some((each) => each.user === user && at < each.seq);
  const events = rows
    .filter((row) => mayKnow(entitlement, row.seq) && !isErased(row.user, row.seq))
    .map((row) =>
      createConversationEvent({ seq: row.seq, sender: row.user, body: { type: 'reaction', value: { seq, reaction: row.reaction } } }),
    );
  return foldEvents(undefined, seq, events)?.reactions ?? [];
}

/** Of the answers in the thread, up to a page of them, those that the viewer has heard. */
async function answersWithin(store: HistoryStore, { held, entitlement }: Seen, { seq, lastReplySeq, replyCount }: MessageState) {
  if (lastReplySeq === 0 || mayKnow(entitlement, lastReplySeq)) return { replyCount, lastReplySeq };
  const { app, conversation } = held.row;
  const rows = await store.details(app, threadSpace(conversation, seq), { limit: historyLimits.detailPage });
  const heard = rows.map(({ key }) => fromSortable(key)).filter((answer) => mayKnow(entitlement, answer));
  return { replyCount: heard.length, lastReplySeq: heard.at(-1) ?? 0 };
}
