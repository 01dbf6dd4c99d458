import { encodeMemberCursor, type MemberCursor, type MemberState } from '@parley/contracts/history-rows';
import { applySetting } from '@parley/domain';
import { limits } from '@parley/kernel';
import { cursorSpace, hiddenSpace, present, sortable } from '../rows/detail-keys.js';
import { moveCursor, raiseFloor } from '../rows/member-state.js';
import { type BodyOf, type EntryContext, isPair } from './entry-context.js';
import type { StagedConversation } from './staged-conversation.js';

/** Somebody has read, or got, everything up to a place. */
export async function projectCursor(context: EntryContext, value: BodyOf<'cursor'>): Promise<void> {
  const { event, offset, staged } = context;
  const { user } = value;
  const state = await staged.state(user);
  const readSeq = Math.min(value.readSeq, staged.row.headSeq);
  const countable = readSeq > state.state.floorSeq ? await countableAt(staged, readSeq) : 0;
  const move = { ...value, readSeq, timeMs: event.timeMs };
  state.change(offset, (before) => ({
    ...raiseFloor(before, readSeq, countable),
    ...moveCursor(before, move),
    updatedMs: event.timeMs,
    settings:
      before.settings?.isMarkedUnread === true && value.readSeq > 0 ? { ...before.settings, isMarkedUnread: false } : before.settings,
  }));
  if (isPair(event.conversation)) {
    staged.changeDetails(offset, ({ cursors }) => ({ cursors: movedAmong(cursors, user, move) }));
  } else if (staged.details.memberCount <= limits.receiptMembersMax) {
    context.details.put({ app: context.entry.app, space: cursorSpace(event.conversation), key: user, value: cursorRow(user, state.state) });
  }
}

const cursorRow = (user: string, { readSeq, deliveredSeq, readings }: MemberState): Uint8Array =>
  encodeMemberCursor({ user, readSeq, deliveredSeq, readings });

function movedAmong(cursors: readonly MemberCursor[], user: string, move: Parameters<typeof moveCursor>[1]): readonly MemberCursor[] {
  const held = cursors.find((cursor) => cursor.user === user) ?? { user, readSeq: 0, deliveredSeq: 0, readings: [] };
  return [...cursors.filter((cursor) => cursor !== held), { user, ...moveCursor(held, move) }].sort((a, b) => (a.user < b.user ? -1 : 1));
}

/** How many of the messages up to a place count. */
async function countableAt(staged: StagedConversation, seq: number): Promise<number> {
  if (seq >= staged.row.headSeq) return staged.row.countable;
  // What is no more kept is below whatever counts.
  return (await staged.event(seq))?.countable ?? staged.details.keptCountable;
}

export async function projectSettings({ event, offset, staged }: EntryContext, value: BodyOf<'settings'>): Promise<void> {
  const state = await staged.state(value.user);
  const { timeMs } = event;
  const clearedTo = Math.max(0, ...value.changes.map(({ change }) => (change?.type === 'cleared' ? change.value.seq : 0)));
  const clearedSeq = Math.min(clearedTo, staged.row.headSeq);
  const countable = clearedSeq > state.state.floorSeq ? await countableAt(staged, clearedSeq) : 0;
  state.change(offset, (before) => {
    const settings = value.changes.reduce(
      (held, change) => applySetting(held, change, { timeMs, headSeq: value.headSeq }),
      before.settings,
    );
    return { ...raiseFloor(before, clearedSeq, countable), settings, updatedMs: timeMs };
  });
}

/** Messages that a user has deleted for themselves. */
export async function projectHidden({ event, entry, offset, staged, details }: EntryContext, value: BodyOf<'hidden'>): Promise<void> {
  const state = await staged.state(value.user);
  state.change(offset, (before) => ({ ...before, hasHidden: true, hiddenMs: event.timeMs, updatedMs: event.timeMs }));
  const space = hiddenSpace(value.user, event.conversation);
  for (const seq of value.seqs) details.put({ app: entry.app, space, key: sortable(seq), value: present });
}
