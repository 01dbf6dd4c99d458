import { limits, ok, refusal, refused } from '@parley/kernel';
import { contentKindOf, isEditable } from '../content/content-kind.js';
import { type ActContext, type ActResult, isThere, noDecision, noMessage, refusalOfPeer, targetOf } from './act-context.js';
import type { ActOf } from './act-facts.js';

/** The sender of a message says it in other words, of the same kind, within the app's time. */
export function decideEdit({ seq, content, mentions, isRemention }: ActOf<'edit'>, context: ActContext): ActResult {
  const { request, facts, rules, actor } = context;
  const peer = refusalOfPeer(context);
  if (peer !== undefined) return refused(peer);
  // Else those who are muted would speak through what they have said before.
  if (facts.isMuted === true && actor !== 'back-end') return refused(refusal('MUTED'));
  const target = targetOf(context);
  if (target === undefined) return noMessage(seq);
  if (actor !== 'back-end') {
    if (target.sender !== request.sender) return refused(refusal('PERMISSION_DENIED', 'act.edit: own messages only'));
    if (request.timeMs - target.timeMs > rules.editWithinMs) return tooLate('edit', rules.editWithinMs);
  }
  if (!isEditable(target.kind)) return refused(refusal('INVALID_ARGUMENT', `act.edit: a message of kind ${target.kind} stays as it is`));
  if (contentKindOf(content) !== target.kind) return refused(refusal('INVALID_ARGUMENT', `act.edit.content: kind ${target.kind}`));
  const said = isRemention ? mentions : undefined;
  return ok({ type: 'event', isStored: true, body: { type: 'edited', value: { seq, content, mentions: said, isRemention } } });
}

/** The sender takes a message back within the app's time; moderators and the back end any message at any time. */
export function decideRecall({ seq, reason }: ActOf<'recall'>, context: ActContext): ActResult {
  const { request, rules, actor } = context;
  const target = targetOf(context);
  if (target === undefined) return noMessage(seq);
  if (actor === 'user') {
    if (target.sender !== request.sender) return refused(refusal('PERMISSION_DENIED', 'act.recall: own messages only'));
    if (request.timeMs - target.timeMs > rules.recallWithinMs) return tooLate('recall', rules.recallWithinMs);
  }
  return ok({ type: 'event', isStored: true, body: { type: 'recalled', value: { seq, reason } } });
}

/** Moderators and the back end delete for everybody; what is not there any more is passed over. */
export function decideDelete({ seqs }: ActOf<'delete'>, { request, facts, actor }: ActContext): ActResult {
  if (actor === 'user') return refused(refusal('PERMISSION_DENIED', 'act.delete: owner, admins and the back end only'));
  const targets = facts.targets;
  const isLeft = (seq: number): boolean =>
    targets === undefined ? seq <= facts.headSeq : targets.some((target) => target.seq === seq && isThere(target, request));
  const left = [...new Set(seqs)].filter(isLeft);
  const [first] = seqs;
  if (left.length === 0) return noMessage(first ?? 0);
  return ok({ type: 'event', isStored: true, body: { type: 'deleted', value: { seqs: left } } });
}

/** Whoever may see a message reacts to it, with each reaction once. */
export function decideReact({ seq, reaction, isRemoved }: ActOf<'react'>, context: ActContext): ActResult {
  const peer = refusalOfPeer(context);
  if (peer !== undefined) return refused(peer);
  const target = targetOf(context);
  if (target === undefined) return noMessage(seq);
  if (target.hasReacted !== isRemoved) return noDecision;
  const { reactionKindsMax } = limits;
  if (!isRemoved && target.isKnownReaction !== true && target.reactionKinds >= reactionKindsMax) {
    return refused(refusal('LIMIT_REACHED', `act.react.reaction: at most ${reactionKindsMax} different ones`));
  }
  return ok({ type: 'event', isStored: true, body: { type: 'reaction', value: { seq, reaction, isRemoved } } });
}

/** Either of two users pins; in groups moderators, and members where the group lets them. */
export function decidePin({ seq, isRemoved }: ActOf<'pin'>, context: ActContext): ActResult {
  const { facts, actor } = context;
  const peer = refusalOfPeer(context);
  if (peer !== undefined) return refused(peer);
  if (actor === 'user' && facts.conversation.type === 'group' && !facts.canPin) {
    return refused(refusal('PERMISSION_DENIED', 'act.pin: owner and admins only'));
  }
  const target = targetOf(context);
  if (target === undefined) return noMessage(seq);
  if (target.isPinned !== isRemoved) return noDecision;
  const evictedSeq = isRemoved ? 0 : (target.evictedPinSeq ?? 0);
  return ok({ type: 'event', isStored: true, body: { type: 'pin', value: { seq, isRemoved, evictedSeq } } });
}

/** Told to nobody but the back end. */
export function decideReport({ seq, reason }: ActOf<'report'>, context: ActContext): ActResult {
  if (targetOf(context) === undefined) return noMessage(seq);
  return ok({ type: 'event', isStored: false, body: { type: 'reported', value: { seq, reason } } });
}

const tooLate = (act: string, withinMs: number): ActResult => refused(refusal('TOO_LATE', `act.${act}: within ${withinMs} ms`));
