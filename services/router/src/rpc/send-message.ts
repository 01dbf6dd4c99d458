import type { SendMessageRequest, SendMessageResponseInit } from '@parley/contracts/router';
import { checkOptions, refusalOfExpiry } from '@parley/domain';
import { ParleyError, randomId } from '@parley/kernel';
import { laneOf } from '@parley/lanes';
import { type MessageOptions, Priority } from '@parley/wire';
import { checkContent } from '../check-content.js';
import { isTransientContent } from '../partition/transient-content.js';
import { type LaneCallsDeps, submitAndWait } from './lane-calls.js';
import { checkClientMsgId, checkSender, mayBeRepeated, placeOf } from './request-fields.js';

/** Sends with the admin's rights, through the same lanes as everybody. */
export async function sendMessage(deps: LaneCallsDeps, request: SendMessageRequest): Promise<SendMessageResponseInit> {
  const options = check(request);
  const { app, conversation, sender, content, expiresAfterMs } = request;
  const priority = request.priority === Priority.UNSPECIFIED ? Priority.MEDIUM : request.priority;
  const clientMsgId = request.clientMsgId === '' ? randomId(deps.random) : request.clientMsgId;
  // Transient messages are not kept: there is nothing to find.
  const isRetry = mayBeRepeated(request) && !isTransientContent(content);
  const send = { sender, clientMsgId, priority, content, isRetry, isPrivileged: true, options, expiresAfterMs };
  const { seq, messageId, timeMs } = await submitAndWait(deps, laneOf(priority), {
    app,
    conversation,
    body: { type: 'send', value: send },
  });
  return { seq, messageId, timeMs };
}

/** Throws what is wrong with the request; answers the options as the router takes them. */
function check(request: SendMessageRequest): MessageOptions | undefined {
  const { type } = placeOf(request.app, request.conversation);
  checkSender(request.sender);
  checkClientMsgId(request.clientMsgId);
  if (request.priority === Priority.SYSTEM) throw new ParleyError('INVALID_ARGUMENT', 'priority: LOW, MEDIUM or HIGH');
  const error = checkContent(request.content);
  if (error !== undefined) throw error;
  const expiry = refusalOfExpiry(request.expiresAfterMs);
  if (expiry !== undefined) throw ParleyError.of(expiry);
  const options = checkOptions(request.options, { isPrivileged: true, type });
  if (!options.ok) throw ParleyError.of(options.error);
  return options.value;
}
