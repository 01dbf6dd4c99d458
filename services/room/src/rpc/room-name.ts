import { type AggregateName, appField, roomField } from '@parley/aggregates';
import { type AppId, conversationOfRoom, type RoomId } from '@parley/kernel';

/** A room as requests name it. */
export interface RoomName extends AggregateName {
  readonly app: AppId;
  readonly room: RoomId;
}

/** The room that a request is about. Throws INVALID_ARGUMENT. */
export function roomNameOf(request: { readonly app: string; readonly room: string }): RoomName {
  const room = roomField(request.room);
  return { app: appField(request.app), room, conversation: conversationOfRoom(room) };
}
