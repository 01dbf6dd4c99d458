import type { Mentions } from '@parley/wire';
import { isStaying, withMark, withoutMark } from '../rows/member-state.js';
import { type EntryContext, isGroup, pairOf } from './entry-context.js';

/** Of whom a message names those who see it: one for some members names nobody else, and not everybody. */
export function amongAudience(mentions: Mentions, onlyTo: readonly string[]): Mentions {
  if (onlyTo.length === 0) return mentions;
  const { users, isEveryone, isSilent } = mentions;
  return { users: isEveryone ? onlyTo : users.filter((user) => onlyTo.includes(user)), isEveryone: false, isSilent };
}

/** Marks a message in the states of those whom it names, where it is still unread; whom everybody is marks the conversation. */
export async function markMentions(context: EntryContext, seq: number, { users, isEveryone, isSilent }: Mentions): Promise<void> {
  const { event, offset, staged } = context;
  const mark = { seq, isSilent };
  if (isEveryone) staged.changeDetails(offset, ({ everyone }) => ({ everyone: withMark(everyone, mark) }));
  const others = users.filter(
    (user) => user !== event.sender && (isGroup(event.conversation) || pairOf(event.conversation).includes(user)),
  );
  for (const state of await staged.states(others)) {
    if (!state.exists || (isGroup(event.conversation) && !isStaying(state.state))) continue;
    state.change(offset, (before) =>
      seq <= before.floorSeq ? before : { ...before, mentions: withMark(before.mentions, mark), updatedMs: event.timeMs },
    );
  }
}

/** Takes the marks of a message back from these users, and from the conversation unless it still names everybody. */
export async function unmarkMentions(
  { event, offset, staged }: EntryContext,
  seq: number,
  { users, isEveryone }: { readonly users: readonly string[]; readonly isEveryone: boolean },
): Promise<void> {
  if (!isEveryone) {
    staged.changeDetails(offset, ({ everyone }) => {
      const left = withoutMark(everyone, seq);
      return left === everyone ? undefined : { everyone: left };
    });
  }
  for (const state of await staged.states(users)) {
    if (!state.exists) continue;
    state.change(offset, (before) => {
      const mentions = withoutMark(before.mentions, seq);
      return mentions === before.mentions ? before : { ...before, mentions, updatedMs: event.timeMs };
    });
  }
}
