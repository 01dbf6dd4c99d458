import type { Client, MessageContentInit, SendPriority } from '@parley/sdk';
import { parseConversationArgument } from '../conversation-argument.js';
import type { Output } from '../output.js';

export interface SendRequest {
  readonly conversation: string;
  readonly content: MessageContentInit;
  readonly priority?: SendPriority;
}

/** Sends one message and waits for its place. Throws ParleyClientError when it is refused. */
export async function sendOne(client: Client, request: SendRequest, output: Output): Promise<void> {
  const id = parseConversationArgument(request.conversation, client.userId);
  if (id.startsWith('r:')) await client.rooms.enter(id.slice(2));
  const { priority } = request;
  const { seq, messageId } = await client.conversation(id).send(request.content, priority === undefined ? {} : { priority }).done;
  output.line(seq === 0 ? `sent ${messageId} to ${id} (not stored)` : `stored as ${id} ${seq} (${messageId})`);
}
