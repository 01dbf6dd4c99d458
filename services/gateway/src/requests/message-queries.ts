import { limits, ParleyError } from '@parley/kernel';
import type { GetMessages, GetReceipts, ListPins, ListReactions, ListReaders, ListReplies, SearchMessages } from '@parley/wire';
import { type Answer, type Asker, demand, type RequestDeps } from './request-handler.js';
import { demandBytes, demandConversation, demandPage, demandSeq, demandSeqs, demandUser } from './shared-checks.js';

/** Messages by seq, with what they have become. */
export async function getMessages(deps: RequestDeps, asker: Asker, request: GetMessages): Promise<Answer> {
  const { conversation, seqs, atLeastSeq } = request;
  demandConversation(conversation, asker.user.id);
  demandSeqs(seqs);
  const answer = await deps.history.getMessages({ ...viewing(asker, conversation), seqs, atLeastSeq }, asker.call);
  const { events, states, headSeq } = answer;
  return { type: 'messageList', value: { events, states, headSeq } };
}

export async function listReplies(deps: RequestDeps, asker: Asker, request: ListReplies): Promise<Answer> {
  const { conversation, rootSeq, afterSeq, limit, atLeastSeq } = request;
  demandConversation(conversation, asker.user.id);
  demandSeq('root_seq', rootSeq);
  demandPage(limit);
  const question = { ...viewing(asker, conversation), rootSeq, afterSeq, limit, atLeastSeq };
  return { type: 'messageList', value: await deps.history.listReplies(question, asker.call) };
}

export async function listReactions(deps: RequestDeps, asker: Asker, request: ListReactions): Promise<Answer> {
  const { conversation, seq, reaction, page, limit } = request;
  demandConversation(conversation, asker.user.id);
  demandSeq('seq', seq);
  demandBytes('reaction', reaction, limits.reactionBytesMax);
  demandPage(limit);
  const answer = await deps.history.listReactions({ ...viewing(asker, conversation), seq, reaction, page, limit }, asker.call);
  return { type: 'reactions', value: answer };
}

export async function listPins(deps: RequestDeps, asker: Asker, { conversation, atLeastSeq }: ListPins): Promise<Answer> {
  demandConversation(conversation, asker.user.id);
  return { type: 'messageList', value: await deps.history.listPins({ ...viewing(asker, conversation), atLeastSeq }, asker.call) };
}

export async function getReceipts(deps: RequestDeps, asker: Asker, { conversation, seqs }: GetReceipts): Promise<Answer> {
  demandConversation(conversation, asker.user.id);
  demandSeqs(seqs);
  const answer = await deps.history.getReceipts({ ...viewing(asker, conversation), seqs }, asker.call);
  return { type: 'receipts', value: answer };
}

export async function listReaders(deps: RequestDeps, asker: Asker, request: ListReaders): Promise<Answer> {
  const { conversation, seq, isUnread, page, limit } = request;
  demandConversation(conversation, asker.user.id);
  demandSeq('seq', seq);
  demandPage(limit);
  const answer = await deps.history.listReaders({ ...viewing(asker, conversation), seq, isUnread, page, limit }, asker.call);
  return { type: 'readers', value: answer };
}

/** Kinds of content that can be looked for; the list is bounded by there being no more of them. */
const kindsMax = 16;

export async function searchMessages(deps: RequestDeps, asker: Asker, request: SearchMessages): Promise<Answer> {
  const { search, page, limit } = request;
  if (!deps.rules.rulesOf(asker.app).isSearchable) throw new ParleyError('PERMISSION_DENIED', 'search: the app does not offer it');
  if (search === undefined) throw new ParleyError('INVALID_ARGUMENT', 'search: what to look for');
  const chars = [...search.text].length;
  demand(chars >= 1 && chars <= limits.searchTextCharsMax, `search.text: 1 to ${limits.searchTextCharsMax} characters`);
  if (search.conversation !== '') demandConversation(search.conversation, asker.user.id);
  if (search.sender !== '') demandUser('search.sender', search.sender);
  demand(search.kinds.length <= kindsMax, `search.kinds: at most ${kindsMax}`);
  demand(search.untilMs === 0 || search.untilMs >= search.fromMs, 'search.until_ms: not before from_ms');
  demandPage(limit);
  const answer = await deps.history.searchMessages({ app: asker.app, viewer: asker.user.id, search, page, limit }, asker.call);
  const { events, states, nextPage } = answer;
  return { type: 'messageList', value: { events, states, nextPage, hasMore: nextPage !== '' } };
}

const viewing = (asker: Asker, conversation: string) => ({ app: asker.app, conversation, viewer: asker.user.id });
