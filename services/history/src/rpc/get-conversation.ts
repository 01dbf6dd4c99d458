import type { GetConversationRequest, GetConversationResponseInit } from '@parley/contracts/history';
import { decodeSpeakingRules } from '@parley/wire';
import { membersOf } from '../view/members.js';
import { checkFields } from './fields.js';
import type { QueryDeps } from './query-deps.js';

/** Everything that a router needs to go on with a conversation. */
export async function getConversation(deps: QueryDeps, request: GetConversationRequest): Promise<GetConversationResponseInit> {
  const { app, conversation, atLeastOffset } = request;
  checkFields({ app, conversation });
  const projector = deps.projectorOf(app, conversation);
  await deps.progress.until(projector, () => projector.position.offset >= atLeastOffset);
  const held = await deps.conversations.find(app, conversation);
  if (held === undefined) return { exists: false };
  const { headSeq, countable, membershipVersion, closed } = held.row;
  const { rules, relation, profile, erased } = held.details;
  return {
    exists: true,
    ...{ headSeq, countable, membershipVersion, closed, rules, relation, profile },
    members: await membersOf(deps.store, held),
    speaking: held.row.speaking.length === 0 ? undefined : decodeSpeakingRules(held.row.speaking),
    erased: erased.map(({ user }) => user),
  };
}
