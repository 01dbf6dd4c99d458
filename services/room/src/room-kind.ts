import type { AggregateKind } from '@parley/aggregates';
import { decodeRoomEventBatch, decodeRoomState, encodeRoomEventBatch, encodeRoomState, type RoomEvent } from '@parley/contracts/events';
import { topics } from '@parley/contracts/topics';
import { decideRoom, evolveRoom, initialRoom, type Room, type RoomCommand, roomFromState, roomToState } from '@parley/domain';
import { roomForward } from './room-forward.js';

/** Rooms, as the skeleton sees them. */
export const roomKind: AggregateKind<Room, RoomCommand, RoomEvent> = {
  service: 'room',
  topic: topics.roomEvents,
  initial: initialRoom,
  decide: decideRoom,
  evolve: evolveRoom,
  isInitial: (room) => room.type === 'absent',
  encodeState: (room) => encodeRoomState(roomToState(room)),
  decodeState: (bytes) => roomFromState(decodeRoomState(bytes)),
  encodeEvents: (events) => encodeRoomEventBatch({ events }),
  decodeEvents: (bytes) => decodeRoomEventBatch(bytes).events,
  forwardOf: roomForward,
  isMembershipStored: false,
};
