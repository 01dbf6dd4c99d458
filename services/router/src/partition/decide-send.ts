import type { SendCommand } from '@parley/contracts/events';
import { type ErrorName, hashBytes } from '@parley/kernel';
import { Priority } from '@parley/wire';
import { routerLimits } from '../limits.js';
import type { ConversationState } from './conversation-state.js';
import type { PriorSend } from './dedupe-window.js';
import { isBanned, isMuted } from './speaking.js';

export interface SendContext {
  readonly state: ConversationState;
  /** The same (sender, clientMsgId), when it was stored before. */
  readonly prior: PriorSend | undefined;
  readonly isTransient: boolean;
  /** The lane waits too long: transient messages are to be shed. */
  readonly isShedding: boolean;
  readonly ingressMs: number;
  readonly nowMs: number;
}

/** Where a message was shed: it waited too long in its lane, or the router is over its capacity. */
export type ShedStage = 'lane' | 'router';

export type SendDecision =
  | { readonly type: 'store'; readonly bodyHash: number }
  /** Goes to who is there; nothing is kept. */
  | { readonly type: 'pass-on' }
  | { readonly type: 'repeat'; readonly prior: PriorSend }
  | { readonly type: 'refuse'; readonly error: ErrorName; readonly retryAfterMs: number }
  | { readonly type: 'shed'; readonly stage: ShedStage };

const passOn: SendDecision = { type: 'pass-on' };
const shedInLane: SendDecision = { type: 'shed', stage: 'lane' };
const shedByRouter: SendDecision = { type: 'shed', stage: 'router' };
const refuse = (error: ErrorName, retryAfterMs = 0): SendDecision => ({ type: 'refuse', error, retryAfterMs });

/** Decides about one message; changes nothing. */
export function decideSend(command: SendCommand, context: SendContext): SendDecision {
  const { prior, isTransient } = context;
  const bodyHash = isTransient ? 0 : hashBytes(command.content, command.priority);
  if (prior !== undefined && !isTransient) {
    return prior.bodyHash === bodyHash ? { type: 'repeat', prior } : refuse('IDEMPOTENCY_CONFLICT');
  }
  const error = refusalOf(context.state, command, context.nowMs);
  if (error !== undefined) return refuse(error);
  const waitedMs = context.nowMs - context.ingressMs;
  if (isTransient) return decideTransient(command, context.isShedding, waitedMs);
  return waitedMs > routerLimits.staleAfterMs ? refuse('OVERLOADED', 1_000) : { type: 'store', bodyHash };
}

function decideTransient({ priority }: SendCommand, isShedding: boolean, waitedMs: number): SendDecision {
  if (waitedMs <= routerLimits.transientStaleAfterMs) return isShedding ? shedByRouter : passOn;
  // HIGH is never shed; what is so old has been delayed by something else than load and is refused.
  return priority >= Priority.HIGH ? refuse('OVERLOADED', 1_000) : shedInLane;
}

/**
 * Why the sender may not write, or undefined. Absent and not allowed answer alike, so that nobody can find out
 * which groups there are; but who is banned knows that there is something, and why it is closed to them.
 */
function refusalOf(state: ConversationState, { sender, isPrivileged }: SendCommand, nowMs: number): ErrorName | undefined {
  if (state.conversation.type === 'user') {
    return isPrivileged || state.conversation.users.some((user) => user === sender) ? undefined : 'CONVERSATION_NOT_FOUND';
  }
  if (state.isClosed || state.membershipVersion === 0) return 'CONVERSATION_NOT_FOUND';
  if (isPrivileged) return undefined;
  if (!state.members.has(sender)) return isBanned(state.speaking, sender, nowMs) ? 'BANNED' : 'CONVERSATION_NOT_FOUND';
  return isMuted(state.speaking, sender, nowMs) ? 'MUTED' : undefined;
}
