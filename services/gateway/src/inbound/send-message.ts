import { checkContent } from '@parley/domain';
import { type Clock, isClientMsgId, limits, ok, parseConversation, refusal, type Refusal, refused, type Result } from '@parley/kernel';
import { laneOf } from '@parley/lanes';
import type { RouterClient } from '@parley/router-client';
import { type ClientFrame, Priority, type SendMessage } from '@parley/wire';
import type { ClientConnection } from '../sessions/client-connection.js';
import type { Session } from '../sessions/session.js';
import type { RateClass, RateLimiter } from './rate-limiter.js';

export interface SendDeps {
  readonly router: RouterClient;
  readonly clock: Clock;
  readonly rateLimiter: RateLimiter;
}

interface CheckedSend {
  readonly priority: Priority;
  readonly rateClass: RateClass;
}

/**
 * Puts a message into its lane. A refusal is final; without one the outcome comes from the router, to the
 * connection and frame id in the command's origin.
 */
export function sendMessage(
  deps: SendDeps,
  connection: ClientConnection,
  session: Session,
  frame: ClientFrame & { readonly body: { readonly type: 'send'; readonly value: SendMessage } },
): Refusal | undefined {
  const { value: message } = frame.body;
  const checked = checkSend(session, message);
  if (!checked.ok) return checked.error;
  const { priority, rateClass } = checked.value;
  const waitMs = deps.rateLimiter.take(connection, rateClass, session.app, deps.clock.monotonic());
  if (waitMs > 0) return refusal('RATE_LIMITED', `messages of class ${rateClass}`, waitMs);
  deps.router.submit(laneOf(priority), {
    app: session.app.id,
    conversation: message.conversation,
    ingressMs: deps.clock.now(),
    origin: { peer: deps.router.peer, connection: connection.id, request: frame.id },
    trace: traceOf(frame),
    body: {
      type: 'send',
      value: {
        sender: session.user.id,
        clientMsgId: message.clientMsgId,
        priority,
        content: message.content,
        isRetry: message.isRetry,
      },
    },
  });
  return undefined;
}

/** Length of a traceparent (W3C Trace Context, 3.2); what is longer is none. */
const traceparentLength = 55;

/** The frame's traceparent, or empty. */
export const traceOf = ({ trace }: ClientFrame): string => (trace.length === traceparentLength ? trace : '');

function checkSend(session: Session, message: SendMessage): Result<CheckedSend, Refusal> {
  const target = refusalOfConversation(message.conversation, session.user.id);
  if (target !== undefined) return refused(target);
  if (!isClientMsgId(message.clientMsgId)) {
    return refused(refusal('INVALID_ARGUMENT', `client_msg_id: 1 to ${limits.clientMsgIdBytesMax} bytes, none of them zero`));
  }
  if (message.priority === Priority.SYSTEM) {
    return refused(refusal('INVALID_ARGUMENT', 'priority: LOW, MEDIUM or HIGH'));
  }
  const { textBytesMax } = session.app;
  const content = checkContent(message.content, textBytesMax === undefined ? {} : { textBytesMax });
  if (!content.ok) return content;
  const { kind, isTransient } = content.value;
  const byKind = kind === 'bullet' ? Priority.LOW : Priority.MEDIUM;
  const rateClass = isTransient ? (kind === 'bullet' ? 'bullet' : 'command') : 'stored';
  return ok({ priority: message.priority === Priority.UNSPECIFIED ? byKind : message.priority, rateClass });
}

/** What is wrong with a conversation that a user wants to write to or read. Members are the router's business. */
export function refusalOfConversation(id: string, user: string): Refusal | undefined {
  const parsed = parseConversation(id);
  if (!parsed.ok) return parsed.error;
  const isForeign = parsed.value.type === 'user' && !parsed.value.users.some((member) => member === user);
  return isForeign ? refusal('CONVERSATION_NOT_FOUND') : undefined;
}
