import { isUserId, limits, ok, type Refusal, type Result, refusal, refused } from '@parley/kernel';
import type { Act, ConversationRules, EditMessage, MoveCursor, ReactToMessage } from '@parley/wire';
import { checkContent, type ContentLimits } from '../content/check-content.js';
import { isEditable } from '../content/content-kind.js';
import { isLonger, overLength } from '../content/sizes.js';
import { refusalOfMentions } from '../options/mentions.js';
import { refusalOfProfile, refusalOfRelationStep } from '../relation/check-relation.js';
import type { ActType } from './act-facts.js';
import { refusalOfSettings } from './settings.js';

/**
 * Checks the shape and the sizes of an act at the door; what it is about is the router's to know. Answers with the kind
 * of the act. Refused with INVALID_ARGUMENT or, for contents, MESSAGE_TOO_LARGE, naming field and limit.
 */
export function checkAct({ kind }: Act, appLimits: ContentLimits = {}): Result<ActType, Refusal> {
  if (kind === undefined) return refused(refusal('INVALID_ARGUMENT', 'act: a known kind is missing'));
  const wrong = refusalOfKind(kind, appLimits);
  return wrong === undefined ? ok(kind.type) : refused(wrong);
}

/** Whether an act takes a seq, and so wants a client_msg_id. */
export const takesSeq = (type: ActType): boolean => seqActs.has(type);
const seqActs: ReadonlySet<ActType> = new Set<ActType>(['edit', 'recall', 'delete', 'react', 'pin', 'rules', 'erase']);

/** Whether an act changes nothing but the sender's own view of a conversation: who has left it may do that, too. */
export const isOwnView = (type: ActType): boolean => ownViewActs.has(type);
const ownViewActs: ReadonlySet<ActType> = new Set<ActType>(['cursor', 'settings', 'hide']);

function refusalOfKind(kind: NonNullable<Act['kind']>, appLimits: ContentLimits): Refusal | undefined {
  switch (kind.type) {
    case 'edit':
      return refusalOfEdit(kind.value, appLimits);
    case 'recall':
    case 'report':
      return (
        refusalOfSeq(`act.${kind.type}.seq`, kind.value.seq) ??
        overLength(`act.${kind.type}.reason`, kind.value.reason, limits.reasonBytesMax)
      );
    case 'delete':
    case 'hide':
      return refusalOfSeqs(`act.${kind.type}.seqs`, kind.value.seqs);
    case 'react':
      return refusalOfReaction(kind.value);
    case 'pin':
      return refusalOfSeq('act.pin.seq', kind.value.seq);
    case 'rules':
      return refusalOfRules(kind.value);
    case 'cursor':
      return refusalOfCursor(kind.value);
    case 'settings':
      return refusalOfSettings(kind.value.changes);
    case 'relation':
      return refusalOfRelationStep(kind.value);
    case 'profile':
      return refusalOfProfile(kind.value);
    case 'erase':
      return isUserId(kind.value.user) ? undefined : refusal('INVALID_ARGUMENT', 'act.erase.user: a user id');
    case 'typing':
      return undefined;
  }
}

function refusalOfEdit({ seq, content, mentions, isRemention }: EditMessage, appLimits: ContentLimits): Refusal | undefined {
  const wrong = refusalOfSeq('act.edit.seq', seq);
  if (wrong !== undefined) return wrong;
  const checked = checkContent(content, appLimits);
  if (!checked.ok) return checked.error;
  if (!isEditable(checked.value.kind)) return refusal('INVALID_ARGUMENT', `act.edit.content: no ${checked.value.kind}`);
  return isRemention ? refusalOfMentions('act.edit.mentions', mentions) : undefined;
}

function refusalOfReaction({ seq, reaction }: ReactToMessage): Refusal | undefined {
  const { reactionBytesMax } = limits;
  const wrong = refusalOfSeq('act.react.seq', seq);
  if (wrong !== undefined) return wrong;
  // Zero ends parts of keys in stores.
  const isRight = reaction !== '' && !isLonger(reaction, reactionBytesMax) && !reaction.includes('\0');
  return isRight ? undefined : refusal('INVALID_ARGUMENT', `act.react.reaction: 1 to ${reactionBytesMax} bytes, none of them zero`);
}

function refusalOfRules({ destroyAfterMs }: ConversationRules): Refusal | undefined {
  const { destroyAfterMsMin, destroyAfterMsMax } = limits;
  if (destroyAfterMs === 0 || (destroyAfterMs >= destroyAfterMsMin && destroyAfterMs <= destroyAfterMsMax)) return undefined;
  return refusal('INVALID_ARGUMENT', `act.rules.destroy_after_ms: 0, or ${destroyAfterMsMin} to ${destroyAfterMsMax}`);
}

const refusalOfCursor = ({ readSeq, deliveredSeq }: MoveCursor): Refusal | undefined =>
  readSeq + deliveredSeq > 0 ? undefined : refusal('INVALID_ARGUMENT', 'act.cursor: read_seq or delivered_seq');

function refusalOfSeqs(field: string, seqs: readonly number[]): Refusal | undefined {
  const { actMessagesMax } = limits;
  if (seqs.length < 1 || seqs.length > actMessagesMax) return refusal('INVALID_ARGUMENT', `${field}: 1 to ${actMessagesMax}`);
  return seqs.includes(0) ? refusal('INVALID_ARGUMENT', `${field}: 1 or more each`) : undefined;
}

const refusalOfSeq = (field: string, seq: number): Refusal | undefined =>
  seq >= 1 ? undefined : refusal('INVALID_ARGUMENT', `${field}: 1 or more`);
