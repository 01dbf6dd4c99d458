import { checkContent, checkOptions, refusalOfExpiry } from '@parley/domain';
import { type Clock, type Conversation, isClientMsgId, limits, parseConversation, refusal, type Refusal } from '@parley/kernel';
import type { Level } from '@parley/lanes';
import type { RouterClient } from '@parley/router-client';
import { type ClientFrame, Priority, type SendMessage } from '@parley/wire';
import type { Chunk } from '../outbound/chunk.js';
import type { ClientConnection } from '../sessions/client-connection.js';
import type { Session } from '../sessions/session.js';
import type { Admission } from './admission.js';
import { messageClassOf } from './content-kind.js';

export interface SendDeps {
  readonly router: RouterClient;
  readonly clock: Clock;
  readonly admission: Admission;
}

/** A frame with a message in it. */
export type SendFrame = ClientFrame & { readonly body: { readonly type: 'send'; readonly value: SendMessage } };

/** By parley.event.v1.Priority; what is no client's to choose is refused behind the rates. */
const levelByPriority: readonly Level[] = ['medium', 'low', 'medium', 'high', 'high'];
export const levelOf = (priority: number): Level => levelByPriority[priority] ?? 'medium';

/**
 * Puts a message into its lane. A refusal, which may come as a frame that is ready to be sent, is final; without one
 * the outcome comes from the router, to the connection and frame id in the command's origin.
 */
export function sendMessage(
  { router, clock, admission }: SendDeps,
  connection: ClientConnection,
  session: Session,
  frame: SendFrame,
): Refusal | Chunk | undefined {
  const { value: message } = frame.body;
  const messageClass = messageClassOf(message.content);
  const byKind = messageClass === 'bullet' ? Priority.LOW : Priority.MEDIUM;
  const priority = message.priority === Priority.UNSPECIFIED ? byKind : message.priority;
  const level = levelOf(priority);
  const entry = { connection, session, id: frame.id, level, messageClass, cost: 1, nowMs: clock.monotonic() };
  const { conversation, clientMsgId, content, isRetry, expiresAfterMs } = message;
  const wrong = admission.refuseClient(entry) ?? refusalOfMessage(session, message);
  if (wrong !== undefined) return wrong;
  const options = checkOptions(message.options, { isPrivileged: false, type: typeOf(conversation) });
  if (!options.ok) return options.error;
  const shut = admission.refuseShared(entry, conversation);
  if (shut !== undefined) return shut;
  router.submit(level, {
    app: session.app.id,
    conversation,
    ingressMs: clock.now(),
    origin: { peer: router.peer, connection: connection.id, request: frame.id },
    trace: traceOf(frame),
    body: {
      type: 'send',
      value: { sender: session.user.id, clientMsgId, priority, content, isRetry, options: options.value, expiresAfterMs },
    },
  });
  return undefined;
}

/** Of a conversation whose id is well-formed. */
const typeOf = (conversation: string): Conversation['type'] =>
  conversation.startsWith('u:') ? 'user' : conversation.startsWith('g:') ? 'group' : 'room';

/** What ids of messages and of acts that take a seq must be. */
export const msgIdRule = `client_msg_id: 1 to ${limits.clientMsgIdBytesMax} bytes, none of them zero`;

/** Length of a traceparent (W3C Trace Context, 3.2); what is longer is none. */
const traceparentLength = 55;

/** The frame's traceparent, or empty. */
export const traceOf = ({ trace }: ClientFrame): string => (trace.length === traceparentLength ? trace : '');

function refusalOfMessage(session: Session, message: SendMessage): Refusal | undefined {
  const target = refusalOfConversation(message.conversation, session.user.id);
  if (target !== undefined) return target;
  if (!isClientMsgId(message.clientMsgId)) {
    return refusal('INVALID_ARGUMENT', msgIdRule);
  }
  if (message.priority === Priority.SYSTEM) return refusal('INVALID_ARGUMENT', 'priority: LOW, MEDIUM or HIGH');
  const { textBytesMax } = session.app;
  const content = checkContent(message.content, textBytesMax === undefined ? {} : { textBytesMax });
  if (!content.ok) return content.error;
  if (content.value.kind === 'notice') return refusal('PERMISSION_DENIED', 'content.notice: the back end only');
  return refusalOfExpiry(message.expiresAfterMs);
}

/** What is wrong with a conversation that a user wants to write to or read. Members are the router's business. */
export function refusalOfConversation(id: string, user: string): Refusal | undefined {
  const parsed = parseConversation(id);
  if (!parsed.ok) return parsed.error;
  const isForeign = parsed.value.type === 'user' && !parsed.value.users.some((member) => member === user);
  return isForeign ? refusal('CONVERSATION_NOT_FOUND') : undefined;
}
