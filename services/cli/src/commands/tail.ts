import type { Client } from '@parley/sdk';
import { parseConversationArgument } from '../conversation-argument.js';
import type { Output } from '../output.js';
import { isBesides, renderEvent, renderJson } from '../render.js';

export interface TailRequest {
  /** Empty: everything that reaches the user. */
  readonly conversations: readonly string[];
  readonly asJson: boolean;
}

/** Prints what arrives, until the client is closed or the server ends the session. */
export async function tail(client: Client, request: TailRequest, output: Output): Promise<void> {
  const wanted = new Set(request.conversations.map((text) => parseConversationArgument(text, client.userId)));
  client.on('event', (event) => {
    if (wanted.size > 0 && !wanted.has(event.conversation)) return;
    if (!request.asJson && isBesides(event)) return;
    output.line(request.asJson ? renderJson(event) : renderEvent(event, { showConversation: wanted.size !== 1 }));
  });
  client.on('gap', ({ conversation, fromSeq, toSeq, reason }) => output.note(`missing: ${conversation} ${fromSeq}–${toSeq} (${reason})`));
  client.on('roomLost', ({ room, error }) => output.note(`lost room ${room}: ${error.message}`));
  const ended = untilClosed(client, output);
  for (const id of wanted) if (id.startsWith('r:')) await client.rooms.enter(id.slice(2));
  output.note(`listening as ${client.userId}; Ctrl-C ends`);
  await ended;
}

/** Resolves when the client was closed on purpose, rejects when the server closed it for good. */
export function untilClosed(client: Client, output: Output): Promise<void> {
  return new Promise((resolve, reject) => {
    client.on('connection', (status) => {
      if (status.state === 'offline') output.note(`connection lost (${status.reason.message}); next try in ${status.retryInMs} ms`);
      if (status.state === 'online') output.note('connected again');
      if (status.state !== 'closed') return;
      if (status.error === undefined) resolve();
      else reject(status.error);
    });
  });
}
