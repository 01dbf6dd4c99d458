import type { ListConversationsResponse } from '@parley/contracts/history';
import { limits, ParleyError } from '@parley/kernel';
import type { QueryHistory, Sync } from '@parley/wire';
import { type Answer, type Asker, demand, type RequestDeps } from './request-handler.js';
import { demandConversation } from './shared-checks.js';

/** `<milliseconds>:<rest>`: since when, and the epoch (of a cursor) or history's page (of a page). */
const marker = /^(\d{1,15}):(.*)$/s;

/** What changed since the cursor. Waits until live events come, so that nothing falls in between. */
export async function sync(deps: RequestDeps, asker: Asker, request: Sync): Promise<Answer> {
  const cursor = readMarker('cursor', request.cursor);
  const page = readMarker('page', request.page);
  // Whoever holds nothing gets what the subscriptions are made from, where that was asked for in full.
  const listed = await deps.whenReady(asker.user, cursor === undefined && page === undefined);
  const ask = (changedSinceMs: number, innerPage: string) =>
    listed !== undefined && innerPage === ''
      ? Promise.resolve(since(changedSinceMs, listed))
      : deps.history.listConversations(
          { app: asker.app, user: asker.user.id, changedSinceMs, page: innerPage, isCurrent: true },
          asker.call,
        );
  let answer = await ask(cursor?.ms ?? 0, page?.rest ?? '');
  // A cursor of another history says nothing about this one.
  if (cursor !== undefined && page === undefined && cursor.rest !== answer.epoch) answer = await ask(0, '');
  // Of a paged answer the first page is the oldest truth: the next sync starts there.
  const asOfMs = page?.ms ?? answer.asOfMs;
  const isLast = answer.nextPage === '';
  return {
    type: 'syncResult',
    value: {
      conversations: answer.conversations,
      epoch: answer.epoch,
      cursor: isLast ? `${asOfMs}:${answer.epoch}` : '',
      nextPage: isLast ? '' : `${asOfMs}:${answer.nextPage}`,
    },
  };
}

/** A page of a conversation. */
export async function queryHistory(deps: RequestDeps, asker: Asker, request: QueryHistory): Promise<Answer> {
  demandConversation(request.conversation, asker.user.id);
  demand(request.limit <= limits.historyPageMax, `limit: at most ${limits.historyPageMax}`);
  const { conversation, fromSeq, backwards, atLeastSeq, isAround } = request;
  const limit = request.limit === 0 ? limits.historyPageDefault : request.limit;
  const answer = await deps.history.queryHistory(
    { app: asker.app, conversation, viewer: asker.user.id, fromSeq, backwards, limit, atLeastSeq, isAround },
    asker.call,
  );
  return { type: 'historyPage', value: answer };
}

/** What has changed of the conversations, as history would say it. */
const since = (changedSinceMs: number, listed: ListConversationsResponse): ListConversationsResponse => ({
  ...listed,
  conversations: listed.conversations.filter(({ updatedMs }) => updatedMs >= changedSinceMs),
});

function readMarker(field: string, text: string): { readonly ms: number; readonly rest: string } | undefined {
  if (text === '') return undefined;
  const [, ms, rest] = marker.exec(text) ?? [];
  if (ms === undefined || rest === undefined) throw new ParleyError('INVALID_ARGUMENT', `${field}: not from an answer of this server`);
  return { ms: Number(ms), rest };
}
