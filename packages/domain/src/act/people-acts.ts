import { isUserId, ok, refusal, refused } from '@parley/kernel';
import { changeProfile } from '../relation/profile.js';
import { decideRelation } from '../relation/decide-relation.js';
import { eraseSide } from '../relation/erase-side.js';
import { relationViewOf } from '../relation/relation.js';
import type { ActOf } from './act-facts.js';
import { type ActContext, type ActResult, noDecision } from './act-context.js';

/**
 * One user's step towards another, in the conversation of the two: their own where they are the sender, the back end's where
 * there is none. The event shows the view of the user who acted.
 */
export function decideRelationStep(change: ActOf<'relation'>, { request, facts, rules }: ActContext): ActResult {
  const { conversation, relation } = facts;
  const [a, b] = change.user < change.other ? [change.user, change.other] : [change.other, change.user];
  if (conversation.type !== 'user' || conversation.users[0] !== a || conversation.users[1] !== b) {
    return refused(refusal('INVALID_ARGUMENT', 'act.relation: belongs into the conversation of the two users'));
  }
  if (request.sender !== '' && request.sender !== change.user)
    return refused(refusal('PERMISSION_DENIED', 'act.relation.user: the sender'));
  const decided = decideRelation(relation, change, { timeMs: request.timeMs, isPrivileged: request.sender === '', rules });
  if (!decided.ok) return decided;
  if (decided.value.version === (relation?.version ?? 0)) return noDecision;
  const value = { relation: relationViewOf(decided.value, change.user) };
  return ok({ type: 'event', isStored: false, body: { type: 'relation', value }, relation: decided.value });
}

/** A user's profile changes in the conversation of the user with themselves. */
export function decideProfile(change: ActOf<'profile'>, { facts }: ActContext): ActResult {
  const { conversation } = facts;
  if (conversation.type !== 'user' || conversation.users[0] !== conversation.users[1]) {
    return refused(refusal('INVALID_ARGUMENT', 'act.profile: belongs into the conversation of the user with themselves'));
  }
  const decided = changeProfile(facts.profile, change);
  if (!decided.ok) return decided;
  if (decided.value.version === (facts.profile?.version ?? 0)) return noDecision;
  const profile = { ...decided.value, user: conversation.users[0] };
  return ok({ type: 'event', isStored: false, body: { type: 'profile', value: { profile } }, profile });
}

/** Everything that the user has said in the conversation goes, and of two users what the user had to do with the other one. */
export function decideErase({ user, isRelationOnly }: ActOf<'erase'>, { request, facts }: ActContext): ActResult {
  const { conversation, relation: before } = facts;
  if (!isUserId(user)) return refused(refusal('INVALID_ARGUMENT', 'act.erase.user: a user id'));
  if (conversation.type === 'user' && !conversation.users.includes(user)) return noDecision;
  const after = before === undefined || conversation.type !== 'user' ? undefined : eraseSide(before, user, request.timeMs);
  const relation = after === before ? undefined : after;
  const changed = relation === undefined ? {} : { relation };
  if (!isRelationOnly) return ok({ type: 'event', isStored: true, body: { type: 'erased', value: { user } }, ...changed });
  if (relation === undefined) return noDecision;
  const value = { relation: relationViewOf(relation, user) };
  return ok({ type: 'event', isStored: false, body: { type: 'relation', value }, relation });
}
