import type { SendCommand } from '@parley/contracts/events';
import { type ErrorName, hashBytes } from '@parley/kernel';
import { routerLimits } from '../limits.js';
import type { ConversationState } from './conversation-state.js';
import type { PriorSend } from './dedupe-window.js';

export interface SendContext {
  readonly state: ConversationState;
  /** The same (sender, clientMsgId), when it was stored before. */
  readonly prior: PriorSend | undefined;
  readonly isTransient: boolean;
  readonly ingressMs: number;
  readonly nowMs: number;
}

export type SendDecision =
  | { readonly type: 'store'; readonly bodyHash: number }
  /** Goes to who is there; nothing is kept. */
  | { readonly type: 'pass-on' }
  | { readonly type: 'repeat'; readonly prior: PriorSend }
  | { readonly type: 'refuse'; readonly error: ErrorName; readonly retryAfterMs: number };

const passOn: SendDecision = { type: 'pass-on' };
const refuse = (error: ErrorName, retryAfterMs = 0): SendDecision => ({ type: 'refuse', error, retryAfterMs });

/** Decides about one message; changes nothing. */
export function decideSend(command: SendCommand, context: SendContext): SendDecision {
  const { prior, isTransient } = context;
  const bodyHash = isTransient ? 0 : hashBytes(command.content, command.priority);
  if (prior !== undefined && !isTransient) {
    return prior.bodyHash === bodyHash ? { type: 'repeat', prior } : refuse('IDEMPOTENCY_CONFLICT');
  }
  if (!mayWrite(context.state, command)) return refuse('CONVERSATION_NOT_FOUND');
  const waitedMs = context.nowMs - context.ingressMs;
  if (isTransient) return waitedMs > routerLimits.transientStaleAfterMs ? refuse('OVERLOADED', 1_000) : passOn;
  return waitedMs > routerLimits.staleAfterMs ? refuse('OVERLOADED', 1_000) : { type: 'store', bodyHash };
}

/** Absent and not allowed answer alike, so that nobody can find out which groups there are. */
function mayWrite(state: ConversationState, command: SendCommand): boolean {
  if (state.conversation.type === 'user') {
    return command.isPrivileged || state.conversation.users.some((user) => user === command.sender);
  }
  if (state.isClosed || state.membershipVersion === 0) return false;
  return command.isPrivileged || state.members.has(command.sender);
}
