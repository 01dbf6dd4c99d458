import { operatorField } from '@parley/aggregates';
import type { ListBansRequest, ListBansResponseInit } from '@parley/contracts/room';
import { roleOf } from '@parley/domain';
import { ParleyError } from '@parley/kernel';
import { RoomRole } from '@parley/wire';
import type { RoomCalls } from '../ports.js';
import { visibleRoom } from './room-info.js';
import { roomNameOf } from './room-name.js';

/** Who may not come in, in the order of their ids. */
export function listBans({ rooms, clock }: RoomCalls, request: ListBansRequest): ListBansResponseInit {
  const name = roomNameOf(request);
  const viewer = operatorField('viewer', request.viewer);
  const room = visibleRoom(rooms.read(name), viewer);
  if (viewer !== '' && roleOf(room, viewer) < RoomRole.MODERATOR) throw new ParleyError('PERMISSION_DENIED', 'takes a moderator');
  const nowMs = clock.now();
  const bans = [...room.bans].map(([user, untilMs]) => ({ user, untilMs })).filter(({ untilMs }) => untilMs > nowMs);
  return { bans: bans.sort((a, b) => (a.user < b.user ? -1 : 1)) };
}
