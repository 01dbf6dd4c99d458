import { parseConversation, ParleyError } from '@parley/kernel';
import type { ConversationHead } from '@parley/wire';
import { inParallel } from '../in-parallel.js';
import { userLimits } from '../limits.js';
import type { EraseDeps, Erasure } from './erase-user.js';

/**
 * Takes the user out of groups and rooms, whose own rules say who owns them next, and erases the user's words in every
 * conversation, also in those that the user has left. True once all of them are done.
 */
export async function eraseConversations(deps: EraseDeps, erasure: Erasure): Promise<boolean> {
  const { app, user, place, call, isTurnOver } = erasure;
  while (place.conversationsPage !== undefined && !isTurnOver()) {
    const page = place.conversationsPage;
    const answer = await deps.history.listConversations({ app, user, page, limit: userLimits.page, isCurrent: true }, call);
    await inParallel(answer.conversations, userLimits.eraseWidth, async (head) => {
      await leave(deps, erasure, head);
      await erasure.eraser.erase(head.conversation, head.headSeq);
    });
    place.erased += answer.conversations.length;
    place.conversationsPage = answer.nextPage === '' ? undefined : answer.nextPage;
  }
  return place.conversationsPage === undefined;
}

async function leave({ group, room }: EraseDeps, { app, user, call }: Erasure, head: ConversationHead): Promise<void> {
  const conversation = parseConversation(head.conversation);
  if (!conversation.ok || !head.isMember) return;
  const { value } = conversation;
  if (value.type === 'group') await unlessOut(group.leaveGroup({ app, group: value.group, user }, call));
  else if (value.type === 'room') await unlessOut(room.leaveRoom({ app, room: value.room, user }, call));
}

/** Who is out already, or whose group has ended meanwhile, need not leave. */
async function unlessOut(leaving: Promise<unknown>): Promise<void> {
  try {
    await leaving;
  } catch (thrown) {
    const { error } = ParleyError.from(thrown);
    if (error !== 'GROUP_NOT_FOUND' && error !== 'ROOM_NOT_FOUND') throw thrown;
  }
}
