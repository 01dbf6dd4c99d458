import { encodeReport } from '@parley/contracts/history';
import { encodeErasureJob } from '@parley/contracts/history-rows';
import { createConversationSettings, encodeRelation, type Relation } from '@parley/wire';
import { erasureKey, relationSpace, reportSpace, sortable } from '../rows/detail-keys.js';
import { raiseFloor } from '../rows/member-state.js';
import { type BodyOf, type EntryContext, isPair } from './entry-context.js';

/** What two users are to each other: in their conversation, and in the list of each. */
export function projectRelation({ entry, offset, staged, details }: EntryContext, relation: Relation): void {
  staged.changeDetails(offset, () => ({ relation }));
  const [a, b] = [relation.a?.user ?? '', relation.b?.user ?? ''];
  const value = encodeRelation(relation);
  details.put({ app: entry.app, space: relationSpace(a), key: b, value });
  details.put({ app: entry.app, space: relationSpace(b), key: a, value });
}

export function projectReport({ entry, event, details }: EntryContext, value: BodyOf<'reported'>): void {
  const { conversation, timeMs, sender } = event;
  const { seq, reason } = value;
  const key = [sortable(timeMs), conversation, sortable(seq), sender].join('/');
  details.put({ app: entry.app, space: reportSpace, key, value: encodeReport({ conversation, seq, reporter: sender, reason, timeMs }) });
}

/** Everything that a user has said here goes: reads withhold it from now on, and a job takes it out of the store. */
export async function projectErasure(context: EntryContext, { user }: BodyOf<'erased'>): Promise<void> {
  const { entry, event, offset, partition, staged, details } = context;
  const { seq, timeMs, conversation } = event;
  const erasure = { user, seq, timeMs, isDone: false };
  staged.changeDetails(offset, ({ erased }) => ({ erased: [...erased.filter((other) => other.user !== user), erasure] }));
  details.put({ ...erasureKey(partition, entry.app, conversation, user), value: encodeErasureJob({ seq, nextSeq: 1 }) });
  const state = await staged.state(user);
  if (!state.exists && !isPair(conversation)) return;
  // Whether they are in the group stays as it is. A user of that id may be new: what was said to the old one is not for them.
  const settings = createConversationSettings({ clearedSeq: seq, hiddenSeq: seq });
  state.change(offset, (before) => ({ ...raiseFloor(before, seq, entry.countable), settings, mentions: [], updatedMs: timeMs }));
}
