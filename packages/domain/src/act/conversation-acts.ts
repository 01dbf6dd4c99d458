import { limits, ok, refusal, refused } from '@parley/kernel';
import type { ActOf } from './act-facts.js';
import { type ActContext, type ActResult, noDecision, refusalOfPeer } from './act-context.js';

/** How messages are kept: either of two users, moderators of a group, the back end; the retention is the back end's. */
export function decideRules({ destroyAfterMs, retentionMs }: ActOf<'rules'>, context: ActContext): ActResult {
  const { facts, actor } = context;
  const { conversation, rules: now } = facts;
  const peer = refusalOfPeer(context);
  if (peer !== undefined) return refused(peer);
  if (actor === 'user' && conversation.type !== 'user') return refused(refusal('PERMISSION_DENIED', 'act.rules: owner and admins only'));
  const kept = now?.retentionMs ?? 0;
  if (actor !== 'back-end' && retentionMs !== 0 && retentionMs !== kept) {
    return refused(refusal('PERMISSION_DENIED', 'act.rules.retention_ms: the back end only'));
  }
  const after = { destroyAfterMs, retentionMs: actor === 'back-end' ? retentionMs : kept };
  if (after.destroyAfterMs === (now?.destroyAfterMs ?? 0) && after.retentionMs === kept) return noDecision;
  return ok({ type: 'event', isStored: true, body: { type: 'rules', value: after }, rules: after });
}

/** Cursors move forwards only, and not beyond the head; what is read has arrived. */
export function decideCursor({ readSeq, deliveredSeq }: ActOf<'cursor'>, { request, facts }: ActContext): ActResult {
  const { headSeq, countable = 0, cursor } = facts;
  const read = Math.max(Math.min(readSeq, headSeq), cursor?.readSeq ?? 0);
  const delivered = Math.max(Math.min(deliveredSeq, headSeq), cursor?.deliveredSeq ?? 0, read);
  if (read === (cursor?.readSeq ?? 0) && delivered === (cursor?.deliveredSeq ?? 0)) return noDecision;
  const value = { user: request.sender, readSeq: read, deliveredSeq: delivered, countable: read === headSeq ? countable : 0 };
  return ok({ type: 'event', isStored: false, body: { type: 'cursor', value } });
}

export function decideSettings({ changes }: ActOf<'settings'>, { request, facts }: ActContext): ActResult {
  if (changes.length === 0) return noDecision;
  const value = { user: request.sender, changes, headSeq: facts.headSeq };
  return ok({ type: 'event', isStored: false, body: { type: 'settings', value } });
}

/** Deletes for the sender alone; seqs that there are not are passed over. */
export function decideHide({ seqs }: ActOf<'hide'>, { request, facts }: ActContext): ActResult {
  const left = [...new Set(seqs)].filter((seq) => seq <= facts.headSeq);
  if (left.length === 0) return noDecision;
  return ok({ type: 'event', isStored: false, body: { type: 'hidden', value: { user: request.sender, seqs: left } } });
}

/** Larger groups are not told who types. */
export function decideTyping(value: ActOf<'typing'>, context: ActContext): ActResult {
  const peer = refusalOfPeer(context);
  if (peer !== undefined) return refused(peer);
  const { conversation, memberCount, isMuted } = context.facts;
  if (isMuted === true) return noDecision;
  if (conversation.type === 'group' && memberCount > limits.receiptMembersMax) return noDecision;
  return ok({ type: 'pass-on', body: { type: 'typing', value } });
}
