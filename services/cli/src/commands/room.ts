import type { Client } from '@parley/sdk';
import { allMembers } from './group.js';

/** Every member of a room that the user is in. */
export const allRoomMembers = (client: Client, room: string): Promise<readonly string[]> =>
  allMembers(async (page) => {
    const { members, nextPage } = await client.rooms.members(room, { page });
    return { users: members.map(({ user }) => user), nextPage };
  });
