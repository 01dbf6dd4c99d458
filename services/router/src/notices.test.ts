import { describe, expect, it } from '@jest/globals';
import type { NoticeCommandInit } from '@parley/contracts/events';
import { type Delivery, LinkClass } from '@parley/contracts/router';
import { errorTable, limits } from '@parley/kernel';
import { decodeConversationEvent, MembershipCause, Priority } from '@parley/wire';
import { RouterFixture } from './testing/router-fixture.js';

const room = 'r:live';
const { URGENT, NORMAL } = LinkClass;

const renamed = (stateVersion: number): NoticeCommandInit => ({
  body: { type: 'roomChange', value: { stateVersion, operator: 'ann', change: { type: 'renamed', value: { name: `n${stateVersion}` } } } },
});
const tally = (version: number): NoticeCommandInit => ({ body: { type: 'roomTally', value: { version, memberCount: version } } });

const bodyOf = ({ event }: Delivery) => decodeConversationEvent(event).body;
const heard = (routers: RouterFixture, linkClass: LinkClass, channel: string): Delivery[] =>
  (routers.deliveriesOf.get(linkClass) ?? []).filter(({ channels }) => channels.includes(channel));
/** Waits until everything that was told on the room's channel before has come, on both classes. */
async function settle(routers: RouterFixture, version: number): Promise<void> {
  await routers.room(room, { change: { joined: ['last'], version } });
  const isLast = ({ control }: Delivery): boolean => control?.joined.includes('last') === true;
  await routers.until(() => heard(routers, URGENT, room).find(isLast) && heard(routers, NORMAL, room).find(isLast));
}

async function openRoom(users: readonly string[] = ['ann', 'bob']): Promise<RouterFixture> {
  const routers = await RouterFixture.open();
  routers.startRouter('a');
  for (const channel of [room, 'user:ann', 'user:bob', 'user:zoe']) await routers.subscribe(channel);
  await routers.room(room, { change: { joined: users, version: 1, memberCount: users.length } });
  return routers;
}

describe('notices', () => {
  it('reach who listens to the room in their order, behind the change that they came with, and take no seq', async () => {
    await using routers = await openRoom();
    await routers.room(room, { change: { joined: ['joe'], version: 2 }, notices: [renamed(2), renamed(3)] });
    const [, joined, second, third] = await routers.heard(URGENT, room, 4);
    expect(joined?.control?.joined).toEqual(['joe']);
    for (const [delivery, stateVersion] of [
      [second, 2],
      [third, 3],
    ] as const) {
      expect(delivery).toMatchObject({ seq: 0, priority: Priority.HIGH, conversation: room });
      expect(delivery && bodyOf(delivery)).toMatchObject({ type: 'roomChange', value: { stateVersion } });
    }
    expect(await routers.timeline()).toHaveLength(2);
  });

  it('are passed on also where nothing else is new, and answered with the head', async () => {
    await using routers = await openRoom();
    await routers.send(room, 'ann');
    expect(await routers.room(room, { notices: [renamed(2)] })).toMatchObject({ error: 0, seq: 1 });
    const [, notice] = await routers.heard(URGENT, room, 2);
    expect(notice && bodyOf(notice)).toMatchObject({ value: { stateVersion: 2 } });
  });

  it('repeated after a lost answer say the same again, and change nothing', async () => {
    await using routers = await openRoom();
    const command = { change: { joined: ['joe'], version: 2 }, notices: [renamed(2)] };
    await routers.room(room, command);
    await routers.room(room, command);
    const [, joined, first, again] = await routers.heard(URGENT, room, 4);
    expect(joined?.control?.joined).toEqual(['joe']);
    expect(first && bodyOf(first)).toEqual(again && bodyOf(again));
    expect(await routers.timeline()).toHaveLength(2);
  });

  it('for some users reach those only', async () => {
    await using routers = await openRoom();
    const value = { user: 'bob', version: 1, set: [{ key: 'mood', value: 'fine' }], operator: 'ann' };
    await routers.room(room, { notices: [{ onlyTo: ['ann', 'bob'], body: { type: 'memberAttributes', value } }] });
    const notice = await routers.until(() =>
      routers.deliveries.find(({ channels }) => channels.includes('user:bob') && channels.length === 2),
    );
    expect(notice).toMatchObject({ channels: ['user:ann', 'user:bob'], conversation: room });
    await settle(routers, 2);
    expect(heard(routers, URGENT, room).filter((delivery) => delivery.control === undefined)).toHaveLength(0);
  });

  it('of tallies come by themselves, on the normal links', async () => {
    await using routers = await openRoom();
    const command = { conversation: room, body: { type: 'notice', value: tally(9) } } as const;
    expect(await routers.decide(command)).toMatchObject({ error: 0, seq: 0 });
    const [, told] = await routers.heard(NORMAL, room, 2);
    expect(told).toMatchObject({ priority: Priority.MEDIUM });
    expect(told && bodyOf(told)).toMatchObject({ type: 'roomTally', value: { memberCount: 9 } });
  });

  it('that say nothing, and rules without a version, are refused', async () => {
    await using routers = await openRoom();
    const empty = { conversation: room, body: { type: 'notice', value: {} } } as const;
    expect((await routers.decide(empty)).error).toBe(errorTable.INVALID_ARGUMENT.code);
    expect((await routers.room(room, { speaking: {} })).error).toBe(errorTable.INVALID_ARGUMENT.code);
  });
});

describe('who comes and goes in a room', () => {
  const crowd = Array.from({ length: limits.roomVisibleMembersMax }, (_, i) => `u${i}`);

  it('is told to everybody up to 500 members', async () => {
    await using routers = await openRoom(crowd.slice(1));
    await routers.room(room, { change: { joined: ['zoe'], version: 2 } });
    await routers.room(room, { change: { left: ['zoe'], version: 3 } });
    const [, joined, left] = await routers.heard(URGENT, room, 3);
    for (const delivery of [joined, left]) expect(delivery?.event.length).toBeGreaterThan(0);
    expect(heard(routers, URGENT, 'user:zoe')).toHaveLength(1);
  });

  it('is told to gateways and to the user only above', async () => {
    await using routers = await openRoom(crowd);
    await routers.room(room, { change: { joined: ['zoe'], version: 2 } });
    await routers.room(room, { change: { left: ['ann'], joined: ['bob'], version: 3 } });
    const [, first, second] = await routers.heard(URGENT, room, 3);
    expect(first).toMatchObject({ control: { joined: ['zoe'] }, event: new Uint8Array(0) });
    expect(second).toMatchObject({ control: { joined: ['bob'], left: ['ann'] }, event: new Uint8Array(0) });
    for (const user of ['zoe', 'ann', 'bob']) {
      const [own] = await routers.heard(URGENT, `user:${user}`, 1);
      expect(own && bodyOf(own)?.type).toBe('membership');
    }
  });

  it('is seen by all again once the room is small', async () => {
    await using routers = await openRoom([...crowd, 'zoe']);
    await routers.room(room, { change: { left: ['zoe'], version: 2 } });
    const [, left] = await routers.heard(URGENT, room, 2);
    expect(left?.event.length).toBeGreaterThan(0);
  });

  it.each([
    ['kicked', MembershipCause.KICKED, 1],
    ['banned', MembershipCause.BANNED, 1],
    ['dropped', MembershipCause.OFFLINE, 1],
    ['gone by himself', MembershipCause.UNSPECIFIED, 0],
    ['gone to another room', MembershipCause.SWITCHED, 0],
  ] as const)('is told on his own channel who was %s', async (_what, cause, times) => {
    await using routers = await openRoom();
    await routers.room(room, { change: { left: ['zoe'], cause, version: 2 } });
    await settle(routers, 3);
    expect(heard(routers, URGENT, 'user:zoe')).toHaveLength(times);
  });

  it('hears the end of a large room', async () => {
    await using routers = await openRoom([...crowd, 'zoe']);
    await routers.room(room, { change: { closed: true, version: 2 } });
    const [, closed] = await routers.heard(URGENT, room, 2);
    expect(closed && bodyOf(closed)).toMatchObject({ type: 'membership', value: { closed: true } });
  });
});
