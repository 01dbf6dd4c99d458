import type { SendMessageRequest, SendMessageResponseInit } from '@parley/contracts/router';
import {
  type Clock,
  errorNameOf,
  isAppId,
  isClientMsgId,
  isUserId,
  limits,
  parseConversation,
  ParleyError,
  type Random,
  randomId,
} from '@parley/kernel';
import { laneOf } from '@parley/lanes';
import type { LaneWriter } from '@parley/router-client';
import { Priority } from '@parley/wire';
import type { OwnCalls } from '../own-calls.js';

export interface SendMessageDeps {
  readonly writer: LaneWriter;
  readonly calls: OwnCalls;
  readonly peer: string;
  readonly clock: Clock;
  readonly random: Random;
  /** What is wrong with encoded content, or undefined. */
  readonly checkContent: (content: Uint8Array) => ParleyError | undefined;
}

const outcomeWithinMs = 4_500;

/** Sends with the admin's rights, through the same lanes as everybody. */
export async function sendMessage(deps: SendMessageDeps, request: SendMessageRequest): Promise<SendMessageResponseInit> {
  check(deps, request);
  const { app, conversation, sender, content, isRetry } = request;
  const priority = request.priority === Priority.UNSPECIFIED ? Priority.MEDIUM : request.priority;
  const clientMsgId = request.clientMsgId === '' ? randomId(deps.random) : request.clientMsgId;
  const { connection, outcome } = deps.calls.open(outcomeWithinMs);
  deps.writer.submit(laneOf(priority), {
    app,
    conversation,
    ingressMs: deps.clock.now(),
    origin: { peer: deps.peer, connection, request: 0 },
    body: { type: 'send', value: { sender, clientMsgId, priority, content, isRetry, isPrivileged: true } },
  });
  const { error, detail, retryAfterMs, seq, messageId, timeMs } = await outcome;
  if (error !== 0) throw new ParleyError(errorNameOf(error) ?? 'INTERNAL', detail, { retryAfterMs });
  return { seq, messageId, timeMs };
}

function check(deps: SendMessageDeps, request: SendMessageRequest): void {
  if (!isAppId(request.app)) throw new ParleyError('INVALID_ARGUMENT', 'app: 1–64 of A-Z a-z 0-9 _ - .');
  const conversation = parseConversation(request.conversation);
  if (!conversation.ok) throw ParleyError.of(conversation.error);
  if (request.sender !== '' && !isUserId(request.sender)) throw new ParleyError('INVALID_ARGUMENT', 'sender: 1–32 of A-Z a-z 0-9 _ - .');
  if (request.clientMsgId !== '' && !isClientMsgId(request.clientMsgId)) {
    throw new ParleyError('INVALID_ARGUMENT', `clientMsgId: at most ${limits.clientMsgIdBytesMax} bytes, none of them zero`);
  }
  if (request.priority === Priority.SYSTEM) throw new ParleyError('INVALID_ARGUMENT', 'priority: LOW, MEDIUM or HIGH');
  const error = deps.checkContent(request.content);
  if (error !== undefined) throw error;
}
