import type { SendCommand } from '@parley/contracts/events';
import { type AppRules, refusalOfRelation, type TargetFacts } from '@parley/domain';
import { hashBytes, type Refusal, refusal } from '@parley/kernel';
import { encodeMessageOptions, Priority } from '@parley/wire';
import { routerLimits } from '../limits.js';
import { isMember, type ConversationState } from './conversation-state.js';
import type { PriorSend } from './dedupe-window.js';
import { isBanned, isModerator, isMuted } from './speaking.js';

export interface SendContext {
  readonly state: ConversationState;
  readonly rules: AppRules;
  /** The same (sender, clientMsgId), when it was stored before. */
  readonly prior: PriorSend | undefined;
  /** The message that this one answers, when there is one that the sender may see. */
  readonly answered: TargetFacts | undefined;
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
  | { readonly type: 'refuse'; readonly refusal: Refusal }
  | { readonly type: 'shed'; readonly stage: ShedStage };

const passOn: SendDecision = { type: 'pass-on' };
const shedInLane: SendDecision = { type: 'shed', stage: 'lane' };
const shedByRouter: SendDecision = { type: 'shed', stage: 'router' };
const refuse = (because: Refusal): SendDecision => ({ type: 'refuse', refusal: because });
const tooOld = refuse(refusal('OVERLOADED', undefined, 1_000));

/** Decides about one message; changes nothing. */
export function decideSend(command: SendCommand, context: SendContext): SendDecision {
  const { prior, isTransient } = context;
  const bodyHash = isTransient ? 0 : bodyHashOf(command);
  if (prior !== undefined && !isTransient) {
    return prior.bodyHash === bodyHash ? { type: 'repeat', prior } : refuse(refusal('IDEMPOTENCY_CONFLICT'));
  }
  const refused = refusalOf(command, context) ?? refusalOfOptions(command, context);
  if (refused !== undefined) return refuse(refused);
  const waitedMs = context.nowMs - context.ingressMs;
  if (isTransient) return decideTransient(command, context.isShedding, waitedMs);
  if (waitedMs > routerLimits.staleAfterMs) return tooOld;
  const slowed = refusalOfPace(command, context);
  return slowed === undefined ? { type: 'store', bodyHash } : refuse(slowed);
}

function decideTransient({ priority }: SendCommand, isShedding: boolean, waitedMs: number): SendDecision {
  if (waitedMs <= routerLimits.transientStaleAfterMs) return isShedding ? shedByRouter : passOn;
  // HIGH is never shed; what is so old has been delayed by something else than load and is refused.
  return priority >= Priority.HIGH ? tooOld : shedInLane;
}

/** Tells a repetition from another message under the same id: by everything that the sender says, how long it stays included. */
export function bodyHashOf({
  content,
  priority,
  options,
  expiresAfterMs,
}: Pick<SendCommand, 'content' | 'priority' | 'options' | 'expiresAfterMs'>): number {
  const hash = hashBytes(content, priority);
  if (options === undefined && expiresAfterMs === 0) return hash;
  return hashBytes(encodeMessageOptions({ ...options, expiresMs: expiresAfterMs }), hash);
}

const notFound = refusal('CONVERSATION_NOT_FOUND');

/**
 * Why the sender may not write, or undefined. Absent and not allowed answer alike, so that nobody can find out
 * which groups there are; but who is banned knows that there is something, and why it is closed to them.
 */
function refusalOf({ sender, isPrivileged }: SendCommand, { state, rules, nowMs }: SendContext): Refusal | undefined {
  if (state.conversation.type === 'user') {
    if (isPrivileged) return undefined;
    return isMember(state, sender) ? refusalOfPeer(state, sender, rules) : notFound;
  }
  if (state.isClosed || state.membershipVersion === 0) return notFound;
  if (isPrivileged) return undefined;
  if (!state.members.has(sender)) return isBanned(state.speaking, sender, nowMs) ? refusal('BANNED') : notFound;
  return isMuted(state.speaking, sender, nowMs) ? refusal('MUTED') : undefined;
}

/** Of two users: why the one may not address the other. */
function refusalOfPeer({ conversation, relation }: ConversationState, sender: string, rules: AppRules): Refusal | undefined {
  if (relation === undefined && !rules.friendsOnly) return undefined;
  if (conversation.type === 'user' && conversation.users[0] === conversation.users[1]) return undefined;
  const error = refusalOfRelation(relation, sender, rules);
  return error === undefined ? undefined : refusal(error);
}

function refusalOfOptions({ options, isPrivileged }: SendCommand, { state, answered }: SendContext): Refusal | undefined {
  if (options === undefined) return undefined;
  if (options.reply !== undefined && answered === undefined) return refusal('MESSAGE_NOT_FOUND', `options.reply.seq: ${options.reply.seq}`);
  if (options.onlyTo.length === 0 || (isPrivileged && state.conversation.type === 'group')) return undefined;
  return refusal('INVALID_ARGUMENT', 'options.only_to: groups, and the back end only');
}

/** Slow mode binds members of groups, but not those who moderate. */
function refusalOfPace({ sender, isPrivileged }: SendCommand, { state, nowMs }: SendContext): Refusal | undefined {
  const { speaking, slowMode } = state;
  if (speaking === undefined || slowMode === undefined || speaking.slowModeMs === 0) return undefined;
  if (isPrivileged || isModerator(speaking, sender)) return undefined;
  const waitMs = slowMode.waitMs(sender, nowMs, speaking.slowModeMs);
  return waitMs > 0 ? refusal('RATE_LIMITED', 'slow mode', waitMs) : undefined;
}
