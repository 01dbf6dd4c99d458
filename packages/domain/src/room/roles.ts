import { RoomRole } from '@parley/wire';
import type { OpenRoom } from '../room.js';

/** What the user is in the room; roles above MEMBER outlast absence, other absent users have none (UNSPECIFIED). */
export function roleOf(room: OpenRoom, user: string): RoomRole {
  if (user !== '' && user === room.owner) return RoomRole.OWNER;
  if (room.moderators.has(user)) return RoomRole.MODERATOR;
  return room.members.has(user) ? RoomRole.MEMBER : RoomRole.UNSPECIFIED;
}
