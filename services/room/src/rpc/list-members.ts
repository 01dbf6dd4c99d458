import { memberPage, operatorField, usersField } from '@parley/aggregates';
import type { ListMembersRequest, ListMembersResponseInit, RoomMemberInit } from '@parley/contracts/room';
import { type OpenRoom, roleOf } from '@parley/domain';
import { ParleyError } from '@parley/kernel';
import { roomLimits } from '../limits.js';
import type { RoomCalls } from '../ports.js';
import { visibleRoom } from './room-info.js';
import { roomNameOf } from './room-name.js';

/** Who is in a room, with their roles and attributes: some by name, or all in the order of their ids, page by page. */
export function listMembers({ rooms }: RoomCalls, request: ListMembersRequest): ListMembersResponseInit {
  const name = roomNameOf(request);
  const viewer = operatorField('viewer', request.viewer);
  const asked = usersField('users', request.users);
  if (asked.length > roomLimits.memberPageMax) throw new ParleyError('INVALID_ARGUMENT', `users: at most ${roomLimits.memberPageMax}`);
  const room = visibleRoom(rooms.read(name), viewer);
  const page = asked.length === 0 ? memberPage(room.members, request) : present(room, asked);
  return { ...page, members: page.users.map((user) => memberOf(room, user)) };
}

function present({ members }: OpenRoom, asked: readonly string[]): { readonly users: readonly string[]; readonly memberCount: number } {
  return { users: [...new Set(asked)].filter((user) => members.has(user)), memberCount: members.size };
}

function memberOf(room: OpenRoom, user: string): RoomMemberInit {
  const own = room.memberAttributes.get(user);
  return { user, role: roleOf(room, user), attributesVersion: own?.version ?? 0, attributes: own?.attributes ?? [] };
}
