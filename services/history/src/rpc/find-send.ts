import type { FindSendRequest, FindSendResponseInit } from '@parley/contracts/history';
import { checkClientMsgId, checkFields } from './fields.js';
import type { QueryDeps } from './query-deps.js';

/** What became of an earlier send; remembered for 7 days. */
export async function findSend(deps: QueryDeps, request: FindSendRequest): Promise<FindSendResponseInit> {
  const { app, conversation, sender, clientMsgId, atLeastOffset } = request;
  checkFields({ app, conversation, viewer: sender });
  checkClientMsgId(clientMsgId);
  const projector = deps.projectorOf(app, conversation);
  await deps.progress.until(projector, () => projector.position.offset >= atLeastOffset);
  const send = await deps.store.findSend(app, conversation, sender, clientMsgId);
  if (send === undefined) return { found: false };
  const { seq, messageId, timeMs, bodyHash } = send;
  return { found: true, seq, messageId, timeMs, bodyHash };
}
