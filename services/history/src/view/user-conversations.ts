import { decodeMemberState, type MemberState } from '@parley/contracts/history-rows';
import type { HistoryStore } from '@parley/store';
import { historyLimits } from '../limits.js';
import { behind, userSpace } from '../rows/detail-keys.js';
import type { HeldConversation } from '../rows/held-conversation.js';
import type { Conversations } from './conversations.js';

/** One conversation of a user, before anything is computed from it. */
export interface UserConversation {
  readonly held: HeldConversation;
  readonly state: MemberState;
}

/** The same while nothing of the user's is decoded yet. */
export interface ListedConversation {
  readonly held: HeldConversation;
  /** Encoded MemberState. */
  readonly value: Uint8Array;
}

/** Where a page begins, and what of a user's conversations is wanted. */
export interface ListPage {
  readonly user: string;
  /** Empty, or the conversation before the page. */
  readonly after: string;
  readonly limit: number;
  /** What the ids begin with; by default any. */
  readonly prefix?: string;
}

export interface UserConversationsDeps {
  readonly store: HistoryStore;
  readonly conversations: Conversations;
}

/**
 * A page of a user's conversations of two and groups by id: one range of rows, and conversations that are mostly in
 * memory. One in which nothing was said yet is left out.
 */
export async function userConversations(
  { store, conversations }: UserConversationsDeps,
  app: string,
  { user, after, limit, prefix = '' }: ListPage,
): Promise<{ readonly found: readonly ListedConversation[]; readonly last: string | undefined }> {
  const rows = await store.details(app, userSpace(user), { limit, prefix, ...(after === '' ? {} : { from: behind(after) }) });
  const last = rows.length < limit ? undefined : rows.at(-1)?.key;
  const known = rows.map(({ key }) => conversations.known(app, key));
  // Most are known, and promises cost: only the others are waited for.
  const missing = rows.filter((_, i) => known[i] === undefined).map(({ key }) => key);
  const loaded = await Promise.all(missing.map(async (key) => [key, await conversations.find(app, key)] as const));
  const heldByKey = new Map(loaded);
  const found: ListedConversation[] = [];
  rows.forEach(({ key, value }, i) => {
    const held = known[i] ?? heldByKey.get(key);
    if (held !== undefined && held.row.headSeq > 0) found.push({ held, value });
  });
  return { found, last };
}

/** All of them, page by page. */
export async function* allConversationsOf(
  deps: UserConversationsDeps,
  app: string,
  user: string,
): AsyncGenerator<UserConversation, void, undefined> {
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page: Awaited<ReturnType<typeof userConversations>> = await userConversations(deps, app, {
      user,
      after,
      limit: historyLimits.conversationsPage,
    });
    for (const { held, value } of page.found) yield { held, state: decodeMemberState(value) };
    after = page.last;
  }
}
