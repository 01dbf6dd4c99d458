import { limits, ParleyError } from '@parley/kernel';
import type { ConversationHead, GetConversation, QueryConversations } from '@parley/wire';
import { type Answer, type Asker, demand, done, type RequestDeps } from './request-handler.js';
import { demandConversation, demandPage } from './shared-checks.js';

/** The user's list as it is shown. */
export async function queryConversations(deps: RequestDeps, asker: Asker, request: QueryConversations): Promise<Answer> {
  const { filter, page, limit } = request;
  demandPage(limit);
  const { type = '', mark = 0 } = filter ?? {};
  demand(type === '' || type === 'u' || type === 'g', 'filter.type: u, g or nothing');
  demand(mark <= limits.markMax, `filter.mark: 1 to ${limits.markMax}, or 0`);
  const answer = await deps.history.queryConversations({ app: asker.app, user: asker.user.id, filter, page, limit }, asker.call);
  const { conversations, nextPage, totalUnread } = answer;
  return { type: 'conversations', value: { conversations, nextPage, totalUnread } };
}

export async function getConversation(deps: RequestDeps, asker: Asker, request: GetConversation): Promise<Answer> {
  const { conversation, atLeastSeq } = request;
  demandConversation(conversation, asker.user.id);
  const question = { app: asker.app, user: asker.user.id, conversation, atLeastSeq };
  const answer = await deps.history.getConversationSummary(question, asker.call);
  if (answer.conversation === undefined) throw new ParleyError('CONVERSATION_NOT_FOUND');
  return { type: 'conversations', value: { conversations: [answer.conversation] } };
}

/** Conversations that are read in one turn, so that others come between. */
const readAllTurn = 100;

/** Reads all conversations to their heads. The cursors take effect a moment after the answer, as those of moveCursors do. */
export async function readAll(deps: RequestDeps, asker: Asker): Promise<Answer> {
  // All are listed before the first is read: what is read leaves the list that is being paged through.
  const unread = await listUnread(deps, asker);
  for (let at = 0; at < unread.length; at += readAllTurn) {
    if (at > 0) await new Promise((resolve) => setImmediate(resolve));
    for (const head of unread.slice(at, at + readAllTurn)) readToHead(deps, asker, head);
  }
  return done;
}

async function listUnread(deps: RequestDeps, asker: Asker): Promise<readonly ConversationHead[]> {
  const unread: ConversationHead[] = [];
  let page = '';
  do {
    const question = {
      app: asker.app,
      user: asker.user.id,
      filter: { isUnread: true, withHidden: true },
      page,
      limit: limits.historyPageMax,
    };
    const answer = await deps.history.queryConversations(question, asker.call);
    unread.push(...answer.conversations);
    page = answer.nextPage;
  } while (page !== '' && unread.length < deps.limits.readAllMax);
  return unread;
}

function readToHead(deps: RequestDeps, { app, user }: Asker, { conversation, headSeq, readSeq, settings }: ConversationHead): void {
  if (headSeq > readSeq) {
    deps.submitAct(app, user.id, conversation, { kind: { type: 'cursor', value: { readSeq: headSeq, deliveredSeq: headSeq } } });
  } else if (settings?.isMarkedUnread === true) {
    // A cursor that stands at the head does not move, so it would not end the mark.
    const changes = [{ change: { type: 'markedUnread', value: { isOn: false } } as const }];
    deps.submitAct(app, user.id, conversation, { kind: { type: 'settings', value: { changes } } });
  }
}
