import { foldMessage, targetsOf, threadOf } from '@parley/fold';
import type { TimelineEntry } from '@parley/contracts/events';
import type { ConversationEvent, Mentions, MessageOptions } from '@parley/wire';
import { isRoom } from '../view/kept-window.js';
import { expiryKey, present, sortable, threadSpace } from '../rows/detail-keys.js';
import { type EntryContext, isPair, pairOf } from './entry-context.js';
import { amongAudience, markMentions } from './project-mentions.js';
import { withState } from './staged-block.js';

/** A message. A plain one costs the state of its sender, who has read what stands before. */
export async function projectMessage(context: EntryContext): Promise<void> {
  const { event, entry, staged, offset } = context;
  const { conversation, seq, timeMs, sender, options } = event;
  staged.noteMessage(seq, timeMs);
  const isImported = (options?.originalMs ?? 0) > 0;
  if (!isRoom(conversation) && sender !== '' && !isImported) {
    const state = staged.knownState(sender) ?? (await staged.state(sender));
    // Who has no state is not in it: the back end spoke for them.
    if (state.exists) state.raise(offset, seq, entry.countable);
  }
  if (options !== undefined) await projectOptions(context, options, isImported);
}

/** Whether nothing that goes with a message touches other rows than a message does anyhow. */
export const isAboutItself = (options: MessageOptions | undefined): boolean =>
  options === undefined ||
  (options.reply === undefined &&
    options.mentions === undefined &&
    options.expiresMs === 0 &&
    options.onlyTo.length === 0 &&
    options.originalMs === 0);

/** A message of a group or of two with which nothing else happens, and not their first. */
export const isPlainMessage = (entry: TimelineEntry, { seq, conversation, body, options }: ConversationEvent): boolean =>
  seq > 1 &&
  body?.type === 'content' &&
  isAboutItself(options) &&
  entry.rules === undefined &&
  entry.relation === undefined &&
  entry.profile === undefined &&
  !isRoom(conversation);

/** Projects a plain message without waiting for anything; false when the state of its sender is not at hand. */
export function projectPlainMessage({ entry, event, offset, staged }: Omit<EntryContext, 'partition' | 'details'>): boolean {
  const { seq, timeMs, sender } = event;
  const state = sender === '' ? undefined : staged.knownState(sender);
  if (sender !== '' && state === undefined) return false;
  staged.noteMessage(seq, timeMs);
  if (state?.exists === true) state.raise(offset, seq, entry.countable);
  return true;
}

/** A conversation of two begins: both have it from now on. */
export async function beginPair({ event, staged, offset }: EntryContext): Promise<void> {
  if (!isPair(event.conversation)) return;
  for (const state of await staged.states(pairOf(event.conversation))) {
    state.change(offset, (before) => ({ ...before, updatedMs: Math.max(before.updatedMs, event.timeMs) }));
  }
}

async function projectOptions(context: EntryContext, options: MessageOptions, isImported: boolean): Promise<void> {
  const { event, offset, partition, staged, details } = context;
  const { app } = context.entry;
  const { conversation, seq } = event;
  if (options.expiresMs > 0) details.put({ ...expiryKey(partition, options.expiresMs, { app, conversation, seq }), value: present });
  const root = threadOf(event);
  if (root > 0) details.put({ app, space: threadSpace(conversation, root), key: sortable(seq), value: present });
  for (const target of targetsOf(event)) {
    const block = await staged.blockOf(target);
    if (block.isKnown(offset)) continue;
    const before = await block.message(target);
    const after = withState(before, target, (state) => foldMessage(state, target, event));
    if (after !== before) block.putMessage(target, after, offset);
  }
  const { mentions } = options;
  if (mentions !== undefined && !options.noUnread && !isImported) {
    await projectMentions(context, amongAudience(mentions, options.onlyTo));
  }
}

async function projectMentions(context: EntryContext, mentions: Mentions): Promise<void> {
  const { event, offset, staged } = context;
  if (isRoom(event.conversation)) return;
  const block = await staged.blockOf(event.seq);
  if (!block.isKnown(offset) && mentions.users.length > 0) {
    const row = await block.message(event.seq);
    block.putMessage(event.seq, { ...row, marked: mentions.users }, offset);
  }
  await markMentions(context, event.seq, mentions);
}
