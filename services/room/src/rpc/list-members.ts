import { memberPage, operatorField } from '@parley/aggregates';
import type { ListMembersRequest, ListMembersResponseInit } from '@parley/contracts/room';
import type { Rooms } from '../ports.js';
import { visibleRoom } from './room-info.js';
import { roomNameOf } from './room-name.js';

/** Who is in a room, in the order of their ids, page by page. */
export function listMembers(rooms: Rooms, request: ListMembersRequest): ListMembersResponseInit {
  const name = roomNameOf(request);
  const viewer = operatorField('viewer', request.viewer);
  return memberPage(visibleRoom(rooms.read(name), viewer).members, request);
}
