import type { Room } from '@parley/contracts/room';
import { conversationOfRoom, ParleyError, type RoomId } from '@parley/kernel';
import { HistoryAccess, type RoomInfoInit } from '@parley/wire';
import type { Answer, Asker, RequestDeps } from './request-handler.js';

/** Everything about a room as the asker sees it now. Throws ROOM_NOT_FOUND for those who are not in it. */
export async function readRoom(deps: RequestDeps, asker: Asker, room: string): Promise<Room> {
  const { room: found } = await deps.room.getRoom({ app: asker.app, room, viewer: asker.user.id }, asker.call);
  if (found === undefined) throw new ParleyError('ROOM_NOT_FOUND');
  return found;
}

/** The answer to whoever has entered. `headSeq`: head of the conversation at that moment; 0 where it was not told. */
export async function enteredRoom(deps: RequestDeps, asker: Asker, room: string, headSeq: number): Promise<Answer> {
  // Asked after the channel was heard: a change that this does not hold comes as an event.
  const found = await readRoom(deps, asker, room);
  const firstSeq = await firstSeqOf(deps, asker, found, headSeq);
  return { type: 'room', value: { ...roomInfo(found), headSeq, firstSeq } };
}

export const roomInfo = (room: Room): RoomInfoInit => room;

/** Where the user may begin to read. History knows where newcomers may read what was said before; else it is the entering. */
async function firstSeqOf(deps: RequestDeps, asker: Asker, { room, options }: Room, headSeq: number): Promise<number> {
  const conversation = conversationOfRoom(room as RoomId);
  const sinceSeq = asker.user.channels.find(({ id }) => id === conversation)?.members.get(asker.user)?.sinceSeq ?? 0;
  const joinedSeq = sinceSeq > 0 ? sinceSeq : headSeq + 1;
  if (options?.historyAccess !== HistoryAccess.RECENT) return joinedSeq;
  const question = { app: asker.app, conversation, viewer: asker.user.id, limit: 1, atLeastSeq: headSeq };
  // History may not have come as far as the entering yet; the client may always ask for more than it was told.
  const answer = await deps.history.queryHistory(question, asker.call).catch(() => undefined);
  return answer === undefined || answer.firstSeq === 0 ? joinedSeq : answer.firstSeq;
}
