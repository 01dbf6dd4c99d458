import { createSendCommand, type LaneCommandInit, type SendCommand } from '@parley/contracts/events';
import type { ImportedMessage, ImportMessagesRequest, ImportMessagesResponseInit, Outcome } from '@parley/contracts/router';
import { type Conversation, isUserId, limits, ParleyError } from '@parley/kernel';
import { laneWriterLimits } from '@parley/router-client';
import { Priority } from '@parley/wire';
import { checkContent } from '../check-content.js';
import { routerLimits } from '../limits.js';
import { bodyHashOf } from '../partition/decide-send.js';
import { isTransientContent } from '../partition/transient-content.js';
import type { HistoryReader } from '../ports.js';
import { accepted, type LaneCallsDeps, submitAll } from './lane-calls.js';
import { checkClientMsgId, placeOf } from './request-fields.js';

/** Commands whose contents have so many bytes together surely fit into one lane record. */
const portionBytesMax = laneWriterLimits.recordBytesMax / 2;

/** By so much the other system's clock may be ahead. */
const clockDifferenceMs = 60_000;

export interface ImportDeps extends LaneCallsDeps {
  readonly history: Pick<HistoryReader, 'findSend'>;
  /** How far the timeline of the conversation goes. */
  readonly timelineEnd: (app: string, conversation: string) => number;
}

/**
 * Puts messages of another system behind what is there, in their order, but for those that history knows. They go portion
 * by portion, each in one record of the lane: what refuses one of a portion refuses those behind it as well, and nothing
 * of the next has left yet. So what is stored of a call that failed is its beginning, and the same call again goes on
 * where that ended.
 */
export async function importMessages(deps: ImportDeps, request: ImportMessagesRequest): Promise<ImportMessagesResponseInit> {
  const { app, conversation, messages } = request;
  const place = placeOf(app, conversation);
  if (messages.length === 0 || messages.length > limits.actMessagesMax) {
    throw new ParleyError('INVALID_ARGUMENT', `messages: 1 to ${limits.actMessagesMax}`);
  }
  const latestMs = deps.clock.now() + clockDifferenceMs;
  for (const [index, message] of messages.entries()) check(message, { place, latestMs, field: `messages[${index}]` });
  const known = await findKnown(deps, request);
  const seqs = new Map(known);
  for (const portion of portionsOf(messages.filter((message) => !known.has(message)))) {
    const commands = portion.map(
      (message) => ({ app, conversation, body: { type: 'send', value: sendOf(message) } }) satisfies LaneCommandInit,
    );
    const outcomes = await submitAll(deps, 'low', commands);
    for (const [index, message] of portion.entries()) seqs.set(message, acceptedSeq(outcomes[index]));
  }
  return { seqs: messages.map((message) => seqs.get(message) ?? 0) };
}

/** Where messages lie that an earlier call has imported. Throws IDEMPOTENCY_CONFLICT where another one bears the id. */
async function findKnown(
  { history, timelineEnd }: ImportDeps,
  { app, conversation, messages }: ImportMessagesRequest,
): Promise<ReadonlyMap<ImportedMessage, number>> {
  const atLeastOffset = timelineEnd(app, conversation);
  const known = new Map<ImportedMessage, number>();
  const find = async (message: ImportedMessage): Promise<void> => {
    const { sender, clientMsgId } = message;
    const { found, seq, bodyHash } = await history.findSend({ app, conversation, sender, clientMsgId, atLeastOffset }, historyCall);
    if (!found) return;
    if (bodyHash !== bodyHashOf(sendOf(message))) throw new ParleyError('IDEMPOTENCY_CONFLICT', `client_msg_id: ${clientMsgId}`);
    known.set(message, seq);
  };
  await Promise.all(messages.map(find));
  return known;
}

const historyCall = { timeoutMs: routerLimits.loadWithinMs };

function sendOf({ sender, clientMsgId, originalMs, content }: ImportedMessage): SendCommand {
  const options = { originalMs, noUnread: true };
  return createSendCommand({ sender, clientMsgId, content, priority: Priority.LOW, isPrivileged: true, options });
}

function acceptedSeq(outcome: Outcome | undefined): number {
  if (outcome === undefined) throw new ParleyError('INTERNAL');
  return accepted(outcome).seq;
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
  at: { readonly place: Conversation; readonly latestMs: number; readonly field: string },
): void {
  const { place, latestMs, field } = at;
  if (!isUserId(sender)) throw new ParleyError('INVALID_ARGUMENT', `${field}.sender: 1–32 of A-Z a-z 0-9 _ - .`);
  if (place.type === 'user' && !place.users.includes(sender))
    throw new ParleyError('INVALID_ARGUMENT', `${field}.sender: one of the two users`);
  if (clientMsgId === '') throw new ParleyError('INVALID_ARGUMENT', `${field}.client_msg_id: missing`);
  checkClientMsgId(clientMsgId);
  if (originalMs === 0) throw new ParleyError('INVALID_ARGUMENT', `${field}.original_ms: missing`);
  if (originalMs > latestMs) throw new ParleyError('INVALID_ARGUMENT', `${field}.original_ms: in the past`);
  const wrong = checkContent(content);
  if (wrong !== undefined) throw new ParleyError(wrong.error, `${field}.${wrong.detail}`);
  if (isTransientContent(content)) throw new ParleyError('INVALID_ARGUMENT', `${field}.content: of a kind that is kept`);
}
