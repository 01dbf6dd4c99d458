import { type Refusal, refusal, refused } from '@parley/kernel';
import type { AppRules } from '../app-rules.js';
import { type ActContext, type ActResult, actorOf } from './act-context.js';
import type { ActFacts, ActRequest, ActType } from './act-facts.js';
import { isOwnView } from './check-act.js';
import { decideDelete, decideEdit, decidePin, decideReact, decideRecall, decideReport } from './message-acts.js';
import { decideCursor, decideHide, decideRules, decideSettings, decideTyping } from './conversation-acts.js';
import { decideErase, decideProfile, decideRelationStep } from './people-acts.js';

/**
 * Decides about one act whose shape and sizes `checkAct` has found right; changes nothing. Who is not in the
 * conversation gets CONVERSATION_NOT_FOUND, unless they once were and put their own view of it in order; who may not see a message MESSAGE_NOT_FOUND.
 */
export function decideAct(request: ActRequest, facts: ActFacts, rules: AppRules): ActResult {
  const { kind } = request.act;
  if (kind === undefined) return refused(refusal('INVALID_ARGUMENT', 'act: a known kind is missing'));
  const wrong = refusalOfPlace(kind.type, request, facts);
  if (wrong !== undefined) return refused(wrong);
  return decideKind(kind, { request, facts, rules, actor: actorOf(request, facts) });
}

function decideKind(kind: NonNullable<ActRequest['act']['kind']>, context: ActContext): ActResult {
  switch (kind.type) {
    case 'edit':
      return decideEdit(kind.value, context);
    case 'recall':
      return decideRecall(kind.value, context);
    case 'delete':
      return decideDelete(kind.value, context);
    case 'react':
      return decideReact(kind.value, context);
    case 'pin':
      return decidePin(kind.value, context);
    case 'rules':
      return decideRules(kind.value, context);
    case 'cursor':
      return decideCursor(kind.value, context);
    case 'settings':
      return decideSettings(kind.value, context);
    case 'hide':
      return decideHide(kind.value, context);
    case 'report':
      return decideReport(kind.value, context);
    case 'typing':
      return decideTyping(kind.value, context);
    case 'relation':
      return decideRelationStep(kind.value, context);
    case 'profile':
      return decideProfile(kind.value, context);
    case 'erase':
      return decideErase(kind.value, context);
  }
}

type Place = ActFacts['conversation']['type'];

/** Where acts may be done: rooms have neither pins nor anything that is kept for each member. */
const places = {
  edit: ['user', 'group', 'room'],
  recall: ['user', 'group', 'room'],
  delete: ['user', 'group', 'room'],
  react: ['user', 'group', 'room'],
  pin: ['user', 'group'],
  rules: ['user', 'group'],
  cursor: ['user', 'group'],
  settings: ['user', 'group'],
  hide: ['user', 'group'],
  report: ['user', 'group', 'room'],
  typing: ['user', 'group'],
  relation: ['user'],
  profile: ['user'],
  erase: ['user', 'group', 'room'],
} as const satisfies Record<ActType, readonly Place[]>;

/** Only the server's own services and the back end. */
const privilegedActs: ReadonlySet<ActType> = new Set<ActType>(['relation', 'profile', 'erase']);
/** Acts on what belongs to one user, so somebody must be named. */
const personalActs: ReadonlySet<ActType> = new Set<ActType>(['react', 'cursor', 'settings', 'hide', 'report', 'typing']);

function refusalOfPlace(type: ActType, { isPrivileged }: ActRequest, facts: ActFacts): Refusal | undefined {
  const { conversation } = facts;
  const allowed: readonly Place[] = places[type];
  const isMember = facts.isMember || (facts.wasMember === true && isOwnView(type));
  if (privilegedActs.has(type) && !isPrivileged) return refusal('PERMISSION_DENIED', `act.${type}: the back end only`);
  if (!isMember && !isPrivileged) return refusal('CONVERSATION_NOT_FOUND');
  if (!allowed.includes(conversation.type)) return refusal('INVALID_ARGUMENT', `act.${type}: not in a ${conversation.type} conversation`);
  if (personalActs.has(type) && !isMember) return refusal('INVALID_ARGUMENT', `sender: act.${type} needs a member`);
  return undefined;
}
