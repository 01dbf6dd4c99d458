import type { LaneCommandInit } from '@parley/contracts/events';
import type { ImportedMessage, ImportMessagesRequest, ImportMessagesResponseInit } from '@parley/contracts/router';
import { type Conversation, isUserId, limits, ParleyError } from '@parley/kernel';
import { laneWriterLimits } from '@parley/router-client';
import { Priority } from '@parley/wire';
import { checkContent } from '../check-content.js';
import { accepted, type LaneCallsDeps, submitAll } from './lane-calls.js';
import { checkClientMsgId, placeOf } from './request-fields.js';

/** Commands whose contents have so many bytes together surely fit into one lane record. */
const portionBytesMax = laneWriterLimits.recordBytesMax / 2;

/**
 * Puts messages of another system behind what is there, in their order. They go portion by portion, each in one record of
 * the lane: what refuses one of a portion refuses those behind it as well, and nothing of the next has left yet. So what
 * is stored of a call that failed is its beginning, and the same call again goes on where that ended.
 */
export async function importMessages(deps: LaneCallsDeps, request: ImportMessagesRequest): Promise<ImportMessagesResponseInit> {
  const { app, conversation, messages } = request;
  const place = placeOf(app, conversation);
  if (messages.length === 0 || messages.length > limits.actMessagesMax) {
    throw new ParleyError('INVALID_ARGUMENT', `messages: 1 to ${limits.actMessagesMax}`);
  }
  for (const [index, message] of messages.entries()) check(message, { place, field: `messages[${index}]` });
  const seqs: number[] = [];
  for (const portion of portionsOf(messages)) {
    const commands = portion.map(
      (message) => ({ app, conversation, body: { type: 'send', value: sendOf(message) } }) satisfies LaneCommandInit,
    );
    const outcomes = await submitAll(deps, 'low', commands);
    for (const outcome of outcomes) seqs.push(accepted(outcome).seq);
  }
  return { seqs };
}

/** Always as a repetition: nobody knows whether the call has been made before. */
function sendOf({ sender, clientMsgId, originalMs, content }: ImportedMessage) {
  const options = { originalMs, noUnread: true };
  return { sender, clientMsgId, content, priority: Priority.LOW, isRetry: true, isPrivileged: true, options };
}

function portionsOf(messages: readonly ImportedMessage[]): readonly (readonly ImportedMessage[])[] {
  const portions: ImportedMessage[][] = [];
  let bytes = 0;
  for (const message of messages) {
    const { length } = message.content;
    const portion = portions.at(-1);
    if (portion === undefined || bytes + length > portionBytesMax) {
      portions.push([message]);
      bytes = length;
    } else {
      portion.push(message);
      bytes += length;
    }
  }
  return portions;
}

function check(
  { sender, clientMsgId, originalMs, content }: ImportedMessage,
  at: { readonly place: Conversation; readonly field: string },
): void {
  const { place, field } = at;
  if (!isUserId(sender)) throw new ParleyError('INVALID_ARGUMENT', `${field}.sender: 1–32 of A-Z a-z 0-9 _ - .`);
  if (place.type === 'user' && !place.users.includes(sender))
    throw new ParleyError('INVALID_ARGUMENT', `${field}.sender: one of the two users`);
  if (clientMsgId === '') throw new ParleyError('INVALID_ARGUMENT', `${field}.client_msg_id: missing`);
  checkClientMsgId(clientMsgId);
  if (originalMs === 0) throw new ParleyError('INVALID_ARGUMENT', `${field}.original_ms: missing`);
  const wrong = checkContent(content);
  if (wrong !== undefined) throw new ParleyError(wrong.error, `${field}.${wrong.detail}`);
}
