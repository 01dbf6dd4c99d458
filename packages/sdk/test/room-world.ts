import { encodeConversationEvent, type ServerFrameInit } from '@parley/wire';
import type { Client, FullClientOptions as ClientOptions } from '../src/client.js';
import type { Room } from '../src/room/room.js';
import type { RoomEvents } from '../src/room/room-events.js';
import { makeWorld, type Seen, type World } from './world.js';

type Body = NonNullable<ServerFrameInit['body']>;
type Told = { readonly [Name in keyof RoomEvents]: RoomEvents[Name][] };

const names = [
  ...(['roomStateChanged', 'roomAttributesUpdated', 'roomMembersChanged', 'roomMemberAttributesUpdated', 'roomCountersUpdated'] as const),
  ...(['roomRoleChanged', 'roomMuted', 'roomRenamed', 'messagesDropped'] as const),
];

/** Everything that is told of rooms, by kind. */
export function recordRooms(from: { on(name: never, listener: (value: never) => void): unknown }): Told {
  const told: Told = {
    ...{ roomStateChanged: [], roomAttributesUpdated: [], roomMembersChanged: [], roomMemberAttributesUpdated: [] },
    ...{ roomCountersUpdated: [], roomRoleChanged: [], roomMuted: [], roomRenamed: [], messagesDropped: [] },
  };
  for (const name of names) from.on(name as never, (value) => (told[name] as unknown[]).push(value));
  return told;
}

/** A world in which somebody is in a room. */
export interface RoomWorld extends World {
  readonly alice: Client;
  readonly seen: Seen;
  readonly told: Told;
  readonly lost: string[];
  readonly room: Room;
  /** Lets the work end while time goes by. */
  run<Result>(work: Promise<Result>): Promise<Result>;
  /** Requests of the last connection, by type. */
  asked(type: string): number;
}

/** Alice makes the room `live`; `others` have entered it, without clients. */
export async function makeRoomWorld(others: readonly string[] = [], options: Partial<ClientOptions> = {}): Promise<RoomWorld> {
  const world = makeWorld();
  const { client: alice, seen } = await world.online('alice', options);
  const told = recordRooms(alice);
  const lost: string[] = [];
  alice.on('roomLost', ({ room, error }) => lost.push(`${room} ${error.name}`));
  const run = async <Result>(work: Promise<Result>): Promise<Result> => {
    let isDone = false;
    const end = (): void => {
      isDone = true;
    };
    work.then(end, end);
    await world.clock.until(() => isDone);
    return work;
  };
  const room = await run(alice.rooms.create({ id: 'live', name: 'Live', attributes: { topic: 'music' } }));
  for (const user of others) world.server.rooms.answer(user, enter('live'));
  await world.clock.advance(50);
  const asked = (type: string): number => world.server.link.received.filter(({ body }) => body?.type === type).length;
  return { ...world, alice, seen, told, lost, room, run, asked };
}

/** The request of somebody without a client. */
export const enter = (room: string) => ({ type: 'enterRoom', value: { room, name: '', mustExist: false, options: undefined } }) as const;

/** One attribute of the room `live` is set, as a server tells it. */
export const change = (stateVersion: number, key: string, value: string): Body => ({
  type: 'event',
  value: encodeConversationEvent({
    conversation: 'r:live',
    body: { type: 'roomChange', value: { stateVersion, change: { type: 'attributes', value: { set: [{ key, value }] } } } },
  }),
});

/** The room's attributes without their owners. */
export const valuesOf = (room: Room): Record<string, string> =>
  Object.fromEntries([...room.attributes].map(([key, { value }]) => [key, value]));
