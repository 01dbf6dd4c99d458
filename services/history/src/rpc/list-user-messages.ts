import type { ListUserMessagesRequest, ListUserMessagesResponseInit } from '@parley/contracts/history';
import { limits, sleep } from '@parley/kernel';
import { decodeConversationEvent } from '@parley/wire';
import { historyLimits } from '../limits.js';
import { entitlementOf } from '../view/entitlement.js';
import { present } from '../view/present.js';
import { readPage } from '../view/read-page.js';
import { allConversationsOf, type UserConversation } from '../view/user-conversations.js';
import { checkFields, checkLimit, pageNumber, pageParts } from './fields.js';
import type { QueryDeps } from './query-deps.js';

/**
 * Messages that a user has sent and that are kept, conversation by conversation, oldest first; also where they have
 * left, cleared or hidden. Looks at a bounded number per call: an empty page with a next one is possible.
 */
export async function listUserMessages(deps: QueryDeps, request: ListUserMessagesRequest): Promise<ListUserMessagesResponseInit> {
  const { app, user, page } = request;
  checkFields({ app, user });
  const limit = checkLimit(request.limit, { byDefault: limits.historyPageDefault, max: limits.historyPageMax });
  const [at = '', from = '0'] = page === '' ? [] : pageParts(page, 2);
  const events: Uint8Array[] = [];
  let looked = 0;
  for await (const each of allConversationsOf(deps, app, user)) {
    const { conversation } = each.held.row;
    if (conversation < at) continue;
    for (let next = conversation === at ? pageNumber(from) : 1; ; ) {
      if (events.length === limit || looked >= limits.searchMessagesMax) return { events, nextPage: `${conversation} ${next}` };
      const found = await ownMessages(deps, each, { user, from: next, limit: limit - events.length });
      events.push(...found.events);
      looked += historyLimits.exportPage;
      next = found.next;
      if (next === 0) break;
      await sleep(deps.clock, 0);
    }
  }
  return { events, nextPage: '' };
}

/** The user's messages in a part of a conversation; `next` is 0 at its end. */
async function ownMessages(
  deps: QueryDeps,
  { held }: UserConversation,
  { user, from, limit }: { readonly user: string; readonly from: number; readonly limit: number },
): Promise<{ readonly events: readonly Uint8Array[]; readonly next: number }> {
  const entitlement = await entitlementOf(deps, held, '');
  const range = { entitlement, fromSeq: from, backwards: false, limit: historyLimits.exportPage };
  const page = await readPage(deps, held, range);
  const own = page.events.filter(({ event }) => {
    const { sender, body } = decodeConversationEvent(event);
    return sender === user && body?.type === 'content';
  });
  const taken = own.slice(0, limit);
  const shown = await present(deps, { held, entitlement }, taken);
  const said = shown.filter(({ event }) => decodeConversationEvent(event).body?.type === 'content');
  const last = own.length > limit ? taken.at(-1)?.seq : page.events.at(-1)?.seq;
  const isOver = last === undefined || (own.length <= limit && page.events.length < historyLimits.exportPage);
  return { events: said.map(({ event }) => event), next: isOver ? 0 : last + 1 };
}
