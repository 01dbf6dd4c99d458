import { describe, expect, it } from '@jest/globals';
import { systemClock, withTimeout } from '@parley/kernel';
import type { Room } from '@parley/sdk';
import type { Actor } from '../world/actor.js';
import { readTexts } from '../world/pages.js';
import { World } from '../world/world.js';

const anHour = 3_600_000;
/** A member without a connection for 30 s is out; looked at every few seconds. */
const offlineWithinMs = 60_000;

/** G10 in rooms: who is kicked, banned, muted or gone receives what falls into the stay, nothing else. */
export function describeRoomMembership(world: () => World): void {
  describe('G10 membership in rooms', () => {
    it('shows who is kicked nothing of what follows, on any device, until they come again', async () => {
      const { host, guests, conversation, room } = await openRoom(world());
      await host.send(conversation, 'inside');
      for (const guest of guests) await guest.sees(conversation, 'inside');
      const outs = guests.map(out);
      expect(await roomOf(host, room).kick(guests[0].user)).toEqual([guests[0].user]);
      expect(await Promise.all(outs)).toEqual(['kicked', 'kicked']);
      await host.send(conversation, 'secret');
      await expect(guests[1].send(conversation, 'still here?')).rejects.toMatchObject({ name: 'CONVERSATION_NOT_FOUND' });
      await expect(readTexts(guests[0], conversation)).rejects.toMatchObject({ name: 'CONVERSATION_NOT_FOUND' });
      await guests[0].client.rooms.join(room);
      await host.send(conversation, 'again');
      await guests[0].sees(conversation, 'again');
      expect(guests[0].textsIn(conversation)).toEqual(['inside', 'again']);
      expect(guests[1].textsIn(conversation).filter((text) => text === 'secret')).toEqual([]);
      expect(await readTexts(guests[0], conversation)).not.toContain('secret');
    });

    it('keeps out who is banned, from every device, until the ban is lifted', async () => {
      const { host, guests, conversation, room } = await openRoom(world());
      const outs = guests.map(out);
      await roomOf(host, room).ban(guests[0].user, anHour);
      expect(await Promise.all(outs)).toEqual(['banned', 'banned']);
      await host.send(conversation, 'secret');
      const later = await world().join(guests[0].user);
      for (const device of [...guests, later]) {
        await expect(device.client.rooms.join(room)).rejects.toMatchObject({ name: 'BANNED' });
        await expect(device.send(conversation, 'let me in')).rejects.toMatchObject({ name: 'BANNED' });
      }
      await roomOf(host, room).unban(guests[0].user);
      await later.client.rooms.join(room);
      await host.send(conversation, 'welcome back');
      await later.sees(conversation, 'welcome back');
      expect(later.textsIn(conversation)).toEqual(['welcome back']);
      expect(await readTexts(later, conversation)).not.toContain('secret');
    });

    it('lets who is muted hear everything and say nothing, from any device, over a reconnect', async () => {
      const { host, guests, conversation, room } = await openRoom(world());
      await roomOf(host, room).mute(guests[0].user, anHour);
      await guests[1].reconnect();
      for (const guest of guests) {
        await guest.until('the mute', () => roomOf(guest, room).mutedUntilMs > 0 || undefined);
        await expect(guest.send(conversation, 'psst')).rejects.toMatchObject({ name: 'MUTED' });
      }
      const { seq } = await host.send(conversation, 'listen');
      for (const guest of guests) await guest.sees(conversation, 'listen');
      expect((await world().backEnd().history(conversation, seq)).map(({ body }) => body)).toEqual(['listen']);
      await roomOf(host, room).unmute(guests[0].user);
      await guests[0].send(conversation, 'thank you');
      await host.sees(conversation, 'thank you');
    });
  });
}

/** What takes so long that other promises can be tried meanwhile: the absence begins before them. */
export function describeEndOfAbsence(begun: () => Absence): void {
  describe('G10 membership in rooms, after an absence', () => {
    it('shows who was away for too long nothing of what was said without them', () => endAbsence(begun()), offlineWithinMs + 10_000);
  });
}

interface OpenRoom {
  readonly room: string;
  readonly conversation: string;
  readonly host: Actor;
  /** Two devices of one user. */
  readonly guests: readonly [Actor, Actor];
}

async function openRoom(world: World): Promise<OpenRoom> {
  const [ann, bob, room] = world.ids('ann', 'bob', 'room');
  const host = await world.join(ann);
  const guests = await world.joinTwice(bob);
  await host.client.rooms.create({ id: room });
  for (const { client } of guests) await client.rooms.join(room);
  return { room, conversation: `r:${room}`, host, guests };
}

function roomOf({ client, user }: Actor, id: string): Room {
  const room = client.rooms.get(id);
  if (room === undefined) throw new Error(`${user} is not in ${id}`);
  return room;
}

/** Why the device was told to be out. */
const out = ({ client }: Actor): Promise<string> =>
  new Promise((resolve) => {
    client.on('roomStateChanged', ({ state, cause }) => {
      if (state === 'disconnected') resolve(cause);
    });
  });

/** A member without a connection, while the host stays. */
export interface Absence extends Pick<OpenRoom, 'room' | 'conversation' | 'host'> {
  readonly world: World;
  readonly user: string;
  /** Resolves when the host is told that the member is out. */
  readonly isOut: Promise<string>;
}

/** Takes away the connections of a member of a room; `describeEndOfAbsence` looks at what comes of it. */
export async function beginAbsence({ deployment }: World): Promise<Absence> {
  // A world of its own: clients of the others are closed after each case.
  const world = new World(deployment);
  const { room, conversation, host, guests } = await openRoom(world);
  const [{ user }] = guests;
  await host.send(conversation, 'inside');
  for (const guest of guests) await guest.sees(conversation, 'inside');
  const isOut = new Promise<string>((resolve) => {
    host.client.on('roomMembersChanged', ({ left, cause }) => {
      if (left.includes(user)) resolve(cause);
    });
  });
  for (const { line, client } of guests) {
    line.cut();
    client.close();
  }
  return { world, room, conversation, host, user, isOut };
}

async function endAbsence({ world, room, conversation, host, user, isOut }: Absence): Promise<void> {
  const cause = await withTimeout(systemClock, offlineWithinMs, isOut, () => new Error('the member never went'));
  expect(cause).toBe('offline');
  await host.send(conversation, 'secret');
  const back = await world.join(user);
  await expect(back.send(conversation, 'back')).rejects.toMatchObject({ name: 'CONVERSATION_NOT_FOUND' });
  await back.client.rooms.join(room);
  await host.send(conversation, 'welcome back');
  await back.sees(conversation, 'welcome back');
  expect(back.textsIn(conversation)).not.toContain('secret');
  expect(await readTexts(back, conversation)).not.toContain('secret');
}
