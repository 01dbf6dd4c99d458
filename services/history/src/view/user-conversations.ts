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
  { user, after, limit }: { readonly user: string; readonly after: string; readonly limit: number },
): Promise<{ readonly found: readonly UserConversation[]; readonly last: string | undefined }> {
  const rows = await store.details(app, userSpace(user), { limit, ...(after === '' ? {} : { from: behind(after) }) });
  const found = await Promise.all(
    rows.map(async ({ key, value }) => {
      const held = conversations.known(app, key) ?? (await conversations.find(app, key));
      return { held, state: decodeMemberState(value) };
    }),
  );
  const last = rows.length < limit ? undefined : rows.at(-1)?.key;
  return { found: found.filter((each): each is UserConversation => each.held !== undefined && each.held.row.headSeq > 0), last };
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
    yield* page.found;
    after = page.last;
  }
}
