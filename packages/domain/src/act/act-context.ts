import { type Refusal, type Result, refusal, refused } from '@parley/kernel';
import type { AppRules } from '../app-rules.js';
import { refusalOfRelation } from '../relation/relation.js';
import type { ActDecision, ActFacts, ActRequest, TargetFacts } from './act-facts.js';

/** Everything that the decision about one kind of act takes. */
export interface ActContext {
  readonly request: ActRequest;
  readonly facts: ActFacts;
  readonly rules: AppRules;
  readonly actor: Actor;
}

/** What lets somebody do something: the back end may do everything, moderators much, others what is theirs. */
export type Actor = 'back-end' | 'moderator' | 'user';

export const actorOf = ({ isPrivileged }: ActRequest, { conversation, isModerator }: ActFacts): Actor =>
  isPrivileged ? 'back-end' : isModerator && conversation.type !== 'user' ? 'moderator' : 'user';

export type ActResult = Result<ActDecision, Refusal>;

/** The act changes nothing. */
export const noDecision: { readonly ok: true; readonly value: ActDecision } = { ok: true, value: { type: 'none' } };

/** The message that the act is about, where the sender may see it; else MESSAGE_NOT_FOUND. */
export function targetOf({ request, facts }: ActContext): TargetFacts | undefined {
  const { target } = facts;
  return target !== undefined && isThere(target, request) ? target : undefined;
}

/** Whether a message is there for the sender of an act. */
export function isThere(target: TargetFacts, { sender, isPrivileged, timeMs }: ActRequest): boolean {
  if (target.kind === '' || target.isRemoved) return false;
  if (target.expiresMs > 0 && target.expiresMs <= timeMs) return false;
  return isPrivileged || target.onlyTo.length === 0 || target.sender === sender || target.onlyTo.includes(sender);
}

export const noMessage = (seq: number): { readonly ok: false; readonly error: Refusal } =>
  refused(refusal('MESSAGE_NOT_FOUND', `seq: ${seq}`));

/** Conversations of two: why the sender may not address the other one now. */
export function refusalOfPeer({ request, facts, rules, actor }: ActContext): Refusal | undefined {
  const { conversation, relation } = facts;
  if (conversation.type !== 'user' || actor === 'back-end' || conversation.users[0] === conversation.users[1]) return undefined;
  const error = refusalOfRelation(relation, request.sender, rules);
  return error === undefined ? undefined : refusal(error);
}
