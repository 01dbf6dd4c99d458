import type { Client, MuteTarget, Room, RoomRoleName } from '@parley/sdk';
import { durationMs, keyAndValue, named, wholeNumber } from '../arguments.js';
import { type Output, UsageError } from '../output.js';
import { printable, renderTime } from '../render.js';
import { allMembers } from './group.js';
import { watchRoom } from './watch-room.js';

export interface RoomRequest {
  readonly action: string;
  /** Id of the room; for `list` the beginning of names. */
  readonly room: string;
  readonly args: readonly string[];
  /** `create`: how long the room stays when nobody is in it, in milliseconds. */
  readonly emptyTtlMs?: number;
  /** `set` and `delete`: also what belongs to others. */
  readonly force?: boolean;
}

type Action = (room: Room, args: readonly string[], context: ActionContext) => Promise<void>;

interface ActionContext {
  readonly client: Client;
  readonly output: Output;
  readonly force: boolean;
}

/** What is done in a room, which is joined first. */
const inRoom: { readonly [name: string]: Action } = {
  join: async (room, _, { output }) => {
    output.line(
      `joined r:${room.id} (${printable(room.name)}) as ${room.role}, ${room.memberCount} members, owner ${room.owner || 'none'}`,
    );
    for (const [key, { value, owner }] of room.attributes) output.line(`${printable(key)} = ${printable(value)} (${owner || 'server'})`);
    for (const [counter, value] of room.counters) output.line(`${printable(counter)}: ${value}`);
  },
  set: async (room, args, { output, force }) => {
    const version = await room.setAttributes(Object.fromEntries(args.map(keyAndValue)), { force });
    output.line(`r:${room.id} has version ${version}`);
  },
  delete: async (room, keys, { output, force }) => output.line(`r:${room.id} has version ${await room.deleteAttributes(keys, { force })}`),
  like: async (room, [count = '1'], { client, output }) => {
    const counted = new Promise<number>((resolve, reject) => {
      room.on('roomCountersUpdated', ({ counters }) => resolve(counters.get('likes') ?? 0));
      client.on('error', reject);
    });
    room.like(wholeNumber(count));
    output.line(`r:${room.id} has ${await counted} likes`);
  },
  kick: async (room, users, { output }) => output.line(`kicked ${(await room.kick(users)).join(', ') || 'nobody'}`),
  ban: async (room, [user, duration], { output }) => {
    output.line(`banned until ${renderTime(await room.ban(named(user, 'whom'), durationMs(duration)), 'date')}`);
  },
  unban: async (room, [user]) => room.unban(named(user, 'whom')),
  mute: async (room, [whom, duration], { output }) => {
    const target = targetOf(whom);
    const until = target === 'everyone' ? room.muteAll(durationMs(duration)) : room.mute(target, durationMs(duration));
    output.line(`muted until ${renderTime(await until, 'date')}`);
  },
  unmute: async (room, [whom]) => {
    const target = targetOf(whom);
    await (target === 'everyone' ? room.unmuteAll() : room.unmute(target));
  },
  role: async (room, [user, role]) => room.setRole(named(user, 'whom'), roleOf(role)),
  rename: async (room, words) => room.rename(words.join(' ')),
  destroy: async (room) => room.destroy(),
};

/** In the order in which they are explained. */
export const roomActions = ['create', 'list', 'watch', 'members', 'leave', ...Object.keys(inRoom)];

/** One thing done with a room. Throws ParleyClientError. */
export async function actOnRoom(client: Client, request: RoomRequest, output: Output): Promise<void> {
  const { action, room, args } = request;
  if (action === 'list') {
    await listRooms(client, room, output);
    return;
  }
  const id = named(room.startsWith('r:') ? room.slice(2) : room, 'which room');
  const act = inRoom[action];
  if (act !== undefined) {
    await act(await client.rooms.join(id), args, { client, output, force: request.force === true });
  } else if (action === 'create') {
    // Every command logs out, which leaves the room: it is to be found again as it was.
    const options = { emptyTtlMs: request.emptyTtlMs ?? 0, keepsAttributes: true };
    await client.rooms.create({ id, name: args.join(' ') || id, options });
    output.line(`created r:${id}`);
  } else if (action === 'watch') {
    await watchRoom(client, id, output);
  } else if (action === 'members') {
    await client.rooms.join(id);
    for (const user of await allRoomMembers(client, id)) output.line(user);
  } else if (action === 'leave') {
    await client.rooms.leave(id);
    output.line(`left r:${id}`);
  } else {
    throw new UsageError(`not something to do with a room: ${action} (${roomActions.join(', ')})`);
  }
}

/** Every member of a room that the user is in. */
export const allRoomMembers = (client: Client, room: string): Promise<readonly string[]> =>
  allMembers(async (page) => {
    const { members, nextPage } = await client.rooms.members(room, { page });
    return { users: members.map(({ user }) => user), nextPage };
  });

async function listRooms(client: Client, namePrefix: string, output: Output): Promise<void> {
  let page = '';
  do {
    const found = await client.rooms.list({ namePrefix, page });
    for (const { id, name, memberCount } of found.rooms) output.line(`r:${id}  ${memberCount} members  ${printable(name)}`);
    page = found.nextPage;
  } while (page !== '');
}

function targetOf(text: string | undefined): MuteTarget | 'everyone' {
  const whom = named(text, 'whom (a user, members, moderators or everyone)');
  if (whom === 'members') return { role: 'member' };
  return whom === 'moderators' ? { role: 'moderator' } : whom;
}

function roleOf(text: string | undefined): RoomRoleName {
  if (text === 'member' || text === 'moderator' || text === 'owner') return text;
  throw new UsageError(`not a role: ${text ?? ''} (member, moderator, owner)`);
}
