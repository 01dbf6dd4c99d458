import type { AggregateKind } from '@parley/aggregates';
import { decodeRoomEventBatch, decodeRoomState, encodeRoomEventBatch, encodeRoomState, type RoomEvent } from '@parley/contracts/events';
import { topics } from '@parley/contracts/topics';
import { decideRoom, evolveRoom, initialRoom, type Room, type RoomCommand, roomFromState, roomToState } from '@parley/domain';
import { createMembershipChange, type MembershipChange } from '@parley/wire';

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
  membershipOf,
  isMembershipStored: false,
};

/** Nobody enters or leaves for another, so an operator is named at the end of a room only. */
function membershipOf({ change, operator, version }: RoomEvent): MembershipChange {
  switch (change?.type) {
    case 'created':
      return createMembershipChange({ version, joined: change.value.creator === '' ? [] : [change.value.creator] });
    case 'entered':
      return createMembershipChange({ version, joined: change.value.users });
    case 'left':
      return createMembershipChange({ version, left: change.value.users });
    case 'destroyed':
      return createMembershipChange({ version, operator, closed: true });
    default:
      throw new Error('room event of an unknown kind');
  }
}
