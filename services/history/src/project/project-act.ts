import { decodeReactionRow, encodeReactionRow, type MessageRow } from '@parley/contracts/history-rows';
import { applyEdit, evictedBy, foldEviction, foldMessage, foldPins, redact } from '@parley/fold';
import { emptyBytes } from '@parley/kernel';
import { type ConversationEvent, decodeConversationEvent, encodeConversationEvent, type MessageState, Removal } from '@parley/wire';
import { blockOf, ownReactionKey, reactionKey, reactionsPrefix, searchSpace, sortable } from '../rows/detail-keys.js';
import type { BodyOf, EntryContext } from './entry-context.js';
import { amongAudience, markMentions, unmarkMentions } from './project-mentions.js';
import { type StagedBlock, withState } from './staged-block.js';

/**
 * An edit: the message gets the new content, the edit itself is kept without, so that words lie in one place. What
 * the message has become may be known from a later record already, because the store was cut off within a batch;
 * then that one's event follows, and what it leads to is right in the end.
 */
export async function projectEdit(context: EntryContext, value: BodyOf<'edited'>): Promise<void> {
  const { event, staged } = context;
  const row = await foldTarget(context, value.seq);
  if (row.state === undefined || row.state.removal !== Removal.UNSPECIFIED) return redactMessage(context, value.seq);
  if (row.state.editSeq === event.seq) await rewrite(context, value.seq, (message) => applyEdit(message, value.content));
  if (!value.isRemention) return;
  const mentions = amongAudience(value.mentions ?? { users: [], isEveryone: false, isSilent: false }, row.state.onlyTo);
  const block = await staged.blockOf(value.seq);
  const marked = [...new Set([...row.marked, ...mentions.users])];
  if (marked.length > row.marked.length && !block.isKnown(context.offset)) block.putMessage(value.seq, { ...row, marked }, context.offset);
  const users = row.marked.filter((user) => !mentions.users.includes(user));
  await unmarkMentions(context, value.seq, { users, isEveryone: mentions.isEveryone });
  await markMentions(context, value.seq, mentions);
}

/** Messages that were recalled or deleted: nothing of what they said or got stays. */
export async function projectRemoval(context: EntryContext, seqs: readonly number[]): Promise<void> {
  for (const seq of new Set(seqs)) await projectRemoved(context, seq);
  foldOnPins(context);
}

async function projectRemoved(context: EntryContext, seq: number): Promise<void> {
  const { offset, staged } = context;
  const { marked } = await foldTarget(context, seq);
  const block = await staged.blockOf(seq);
  if (!block.isKnown(offset)) await dropReactions(block, seq, offset);
  await redactMessage(context, seq);
  await unmarkMentions(context, seq, { users: marked, isEveryone: false });
}

/** Takes away who reacted to a message. */
async function dropReactions(block: StagedBlock, seq: number, offset: number): Promise<void> {
  for await (const key of block.keysOf(reactionsPrefix(seq))) {
    const value = await block.get(key);
    if (value === undefined) continue;
    const { user, reaction } = decodeReactionRow(value);
    // In this order: by what is written last the rest is found again, where the store was cut off between them.
    block.put(ownReactionKey(user, seq, reaction), emptyBytes, offset);
    block.put(key, emptyBytes, offset);
  }
}

export async function projectReaction(context: EntryContext, value: BodyOf<'reaction'>): Promise<void> {
  const { event, offset, staged } = context;
  const { seq, reaction } = value;
  const block = await staged.blockOf(seq);
  if (block.isKnown(offset)) return;
  const { state } = await foldTarget(context, seq);
  if (state !== undefined && state.removal !== Removal.UNSPECIFIED) return;
  const own = ownReactionKey(event.sender, seq, reaction);
  const held = await block.get(own);
  if (held !== undefined) block.put(reactionKey(seq, decodeReactionRow(held).seq), emptyBytes, offset);
  const row = { user: event.sender, reaction, timeMs: event.timeMs, seq: event.seq };
  const encoded = value.isRemoved ? emptyBytes : encodeReactionRow(row);
  if (!value.isRemoved) block.put(reactionKey(seq, event.seq), encoded, offset);
  if (!value.isRemoved || held !== undefined) block.put(own, encoded, offset);
}

export async function projectPin(context: EntryContext, value: BodyOf<'pin'>): Promise<void> {
  const { event, offset, staged } = context;
  const evicted = evictedBy(staged.details.pins, event);
  const { state } = await foldTarget(context, value.seq);
  // What was removed before cannot be pinned.
  if (!value.isRemoved && state !== undefined && state.removal !== Removal.UNSPECIFIED) return;
  foldOnPins(context);
  if (evicted === undefined) return;
  const block = await staged.blockOf(evicted);
  if (block.isKnown(offset)) return;
  const row = await block.message(evicted);
  const after = withState(row, evicted, (before) => foldEviction(before, evicted, event));
  if (after !== row) block.putMessage(evicted, after, offset);
}

function foldOnPins({ event, offset, staged }: EntryContext): void {
  staged.changeDetails(offset, ({ pins }) => {
    const after = foldPins(pins, event);
    return after === pins ? undefined : { pins: after };
  });
}

/** Folds the event on a message; answers what the message is then, or later where that is known. */
async function foldTarget({ event, offset, staged }: EntryContext, seq: number): Promise<MessageRow> {
  const block = await staged.blockOf(seq);
  const before = await block.message(seq);
  if (block.isKnown(offset)) return before;
  const after = withState(before, seq, (state: MessageState) => foldMessage(state, seq, event));
  if (after !== before) block.putMessage(seq, after, offset);
  return after;
}

const redactMessage = (context: EntryContext, seq: number): Promise<void> => rewrite(context, seq, redact);

/** Replaces a message; what search knows of its block no longer holds. */
async function rewrite(
  { staged, details, entry }: EntryContext,
  seq: number,
  change: (message: ConversationEvent) => ConversationEvent,
): Promise<void> {
  const row = await staged.event(seq);
  if (row === undefined) return;
  const message = decodeConversationEvent(row.event);
  if (message.body?.type !== 'content') return;
  staged.putEvent({ ...row, event: encodeConversationEvent(change(message)) });
  const { app } = entry;
  details.put({ app, space: searchSpace(row.conversation), key: sortable(blockOf(seq)), value: emptyBytes });
}
