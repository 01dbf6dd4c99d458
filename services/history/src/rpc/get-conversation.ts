import type { GetConversationRequest, GetConversationResponseInit } from '@parley/contracts/history';
import type { HistoryStore } from '@parley/store';
import { decodeSpeakingRules } from '@parley/wire';
import { historyLimits } from '../limits.js';
import { isOpen } from '../project/spans.js';
import { checkFields } from './fields.js';
import type { QueryDeps } from './query-history.js';

/** Everything that a router needs to go on with a conversation. */
export async function getConversation(deps: QueryDeps, request: GetConversationRequest): Promise<GetConversationResponseInit> {
  const { app, conversation, atLeastOffset } = request;
  checkFields({ app, conversation });
  const projector = deps.projectorOf(app, conversation);
  await deps.progress.until(projector, () => projector.position.offset >= atLeastOffset);
  const row = await deps.store.conversation(app, conversation);
  if (row === undefined) return { exists: false };
  const { headSeq, countable, membershipVersion, closed } = row;
  const members = membershipVersion === 0 || closed ? [] : await membersOf(deps.store, app, conversation);
  const speaking = row.speaking.length === 0 ? undefined : decodeSpeakingRules(row.speaking);
  return { exists: true, headSeq, countable, membershipVersion, closed, members, speaking };
}

async function membersOf(store: HistoryStore, app: string, conversation: string): Promise<string[]> {
  const members: string[] = [];
  for (let after = ''; ; ) {
    const page = await store.members(app, conversation, { limit: historyLimits.memberPage, ...(after === '' ? {} : { after }) });
    for (const row of page) if (isOpen(row.spans)) members.push(row.user);
    const last = page.at(-1);
    if (last === undefined || page.length < historyLimits.memberPage) return members;
    after = last.user;
  }
}
