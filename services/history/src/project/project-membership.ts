import type { MembershipSpan } from '@parley/store';
import type { MembershipChange } from '@parley/wire';
import { historyLimits } from '../limits.js';
import { isRoom } from '../view/kept-window.js';
import { enter, exit, isStaying, raiseFloor } from '../rows/member-state.js';
import { type BodyOf, type EntryContext, isGroup } from './entry-context.js';
import { isOpen, join, keepFrom, leave } from './spans.js';
import type { StagedConversation } from './staged-conversation.js';

/** Costs as much as the change names users, however many members there are; only a closing touches them all. */
export async function projectMembers(staged: StagedConversation, change: MembershipChange, seq: number): Promise<void> {
  const { left, joined, version, closed } = change;
  const { conversation, headSeq, keptFromSeq } = staged.row;
  await staged.loadMembers([...left, ...joined]);
  for (const user of left) {
    changeMember(staged, { user, version }, (spans) => leave(spans, headSeq));
    if (isRoom(conversation)) staged.setUser(user, false);
  }
  // Whoever joins sees the notice of it, where it has a seq, and what follows.
  const from = seq > 0 ? seq : headSeq + 1;
  for (const user of joined) {
    changeMember(staged, { user, version }, (spans) => join(keepFrom(spans, keptFromSeq), from));
    if (isRoom(conversation)) staged.setUser(user, true);
  }
  if (closed) await (isRoom(conversation) ? destroy(staged) : dismiss(staged, version));
}

/**
 * What those who come and go have of a group: it stays in their list when they leave, with what was said until then.
 * A dismissal touches no state: it stands in the group's row.
 */
export async function projectStays(context: EntryContext, value: BodyOf<'membership'>): Promise<void> {
  const { event, entry, offset, staged } = context;
  if (!isGroup(event.conversation) || value.version === 0) return;
  const { timeMs } = event;
  const seq = event.seq > 0 ? event.seq : staged.row.headSeq;
  for (const state of await staged.states(value.left)) {
    if (state.exists) state.change(offset, (before) => ({ ...before, stays: exit(before, seq), updatedMs: timeMs }));
  }
  for (const state of await staged.states(value.joined)) {
    state.change(offset, (before) => {
      if (isStaying(before)) return before;
      return { ...raiseFloor(before, seq, entry.countable), stays: enter(before, seq), updatedMs: timeMs };
    });
  }
  if (value.memberCount > 0) staged.changeDetails(offset, () => ({ memberCount: value.memberCount }));
}

function changeMember(
  staged: StagedConversation,
  { user, version }: { readonly user: string; readonly version: number },
  change: (spans: readonly MembershipSpan[]) => readonly MembershipSpan[],
): void {
  const member = staged.member(user);
  if (member.version < version) staged.putMember({ ...member, version, spans: change(member.spans) });
}

/** Nobody is in a group that was dismissed; those who were keep what they have seen. */
async function dismiss(staged: StagedConversation, version: number): Promise<void> {
  const { headSeq } = staged.row;
  for await (const { user, spans } of staged.everyMember(historyLimits.memberPage)) {
    if (isOpen(spans)) changeMember(staged, { user, version }, (held) => leave(held, headSeq));
  }
}

/** Nothing is left of the members of a room that was destroyed; one of the same name starts empty. */
async function destroy(staged: StagedConversation): Promise<void> {
  for await (const { user, spans } of staged.everyMember(historyLimits.memberPage)) if (isOpen(spans)) staged.setUser(user, false);
  staged.emptyMembers();
}
