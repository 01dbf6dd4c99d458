import { describe, expect, it } from '@jest/globals';
import { createGetConversationResponse } from '@parley/contracts/history';
import { errorTable } from '@parley/kernel';
import type { SpeakingRulesInit } from '@parley/wire';
import { emptyHistory, RouterFixture } from './testing/router-fixture.js';

const room = 'r:live';
const members = ['ann', 'bob', 'eve'];
const inAnHour = (routers: RouterFixture): number => routers.clock.now() + 3_600_000;

async function openRoom(rules: (routers: RouterFixture) => SpeakingRulesInit): Promise<RouterFixture> {
  const routers = await RouterFixture.open();
  routers.startRouter('a');
  await routers.room(room, { change: { joined: members, version: 1 }, speaking: rules(routers) });
  return routers;
}

describe('rules of speaking', () => {
  it('silence a muted user until the mute is over', async () => {
    await using routers = await openRoom((opened) => ({ muted: [{ user: 'bob', untilMs: inAnHour(opened) }] }));
    expect((await routers.send(room, 'bob')).error).toBe(errorTable.MUTED.code);
    expect((await routers.send(room, 'ann')).error).toBe(0);
    routers.clock.skip(3_600_001);
    expect((await routers.send(room, 'bob')).error).toBe(0);
  });

  it('silence everybody but the exempt, and not the back end', async () => {
    await using routers = await openRoom((opened) => ({ allMutedUntilMs: inAnHour(opened), exempt: ['ann'] }));
    expect((await routers.send(room, 'bob')).error).toBe(errorTable.MUTED.code);
    expect((await routers.send(room, 'ann')).error).toBe(0);
    expect((await routers.send(room, 'bob', { isPrivileged: true })).error).toBe(0);
  });

  it('tell a banned user so, and other outsiders nothing', async () => {
    await using routers = await openRoom((opened) => ({ banned: [{ user: 'mal', untilMs: inAnHour(opened) }] }));
    expect((await routers.send(room, 'mal')).error).toBe(errorTable.BANNED.code);
    expect((await routers.send(room, 'zoe')).error).toBe(errorTable.CONVERSATION_NOT_FOUND.code);
    routers.clock.skip(3_600_001);
    expect((await routers.send(room, 'mal')).error).toBe(errorTable.CONVERSATION_NOT_FOUND.code);
  });

  it('answer a message that was stored before its sender was muted with its place', async () => {
    await using routers = await openRoom(() => ({}));
    const first = await routers.send(room, 'bob', { clientMsgId: 'x' });
    const muted = [{ user: 'bob', untilMs: inAnHour(routers) }];
    await routers.room(room, { change: { version: 2 }, speaking: { muted } });
    expect(await routers.send(room, 'bob', { clientMsgId: 'x', isRetry: true })).toMatchObject({ error: 0, seq: first.seq });
    expect((await routers.send(room, 'bob', { clientMsgId: 'y' })).error).toBe(errorTable.MUTED.code);
  });

  it('stay while changes come without them, and go when they are lifted or the room ends', async () => {
    await using routers = await openRoom((opened) => ({ allMutedUntilMs: inAnHour(opened) }));
    await routers.room(room, { change: { joined: ['joe'], version: 2 } });
    expect((await routers.send(room, 'bob')).error).toBe(errorTable.MUTED.code);
    await routers.room(room, { change: { version: 3 }, speaking: {} });
    expect((await routers.send(room, 'bob')).error).toBe(0);
    await routers.room(room, { change: { version: 4 }, speaking: { allMutedUntilMs: inAnHour(routers) } });
    await routers.room(room, { change: { closed: true, version: 5 } });
    await routers.room(room, { change: { joined: ['bob'], version: 6 } });
    expect((await routers.send(room, 'bob')).error).toBe(0);
  });

  it('that are old do not replace newer ones', async () => {
    await using routers = await openRoom(() => ({}));
    await routers.room(room, { change: { version: 3 }, speaking: {} });
    await routers.room(room, { change: { version: 2 }, speaking: { allMutedUntilMs: inAnHour(routers) } });
    expect((await routers.send(room, 'bob')).error).toBe(0);
  });

  it('are not news to the members, and known to the next owner from the timeline', async () => {
    await using routers = await RouterFixture.open();
    const first = routers.startRouter('a');
    await routers.subscribe(room);
    await routers.room(room, { change: { joined: members, version: 1 } });
    await routers.room(room, { change: { version: 2 }, speaking: { muted: [{ user: 'bob', untilMs: inAnHour(routers) }] } });
    await first.stop();
    routers.startRouter('b');
    expect((await routers.send(room, 'bob')).error).toBe(errorTable.MUTED.code);
    expect((await routers.send(room, 'ann')).error).toBe(0);
    expect(routers.deliveries.filter(({ event, seq }) => event.length > 0 && seq === 0)).toHaveLength(1);
  });

  it('are known from history', async () => {
    const conversation = { exists: true, headSeq: 7, membershipVersion: 3, members };
    await using routers = await RouterFixture.open({
      ...emptyHistory,
      getConversation: async () =>
        createGetConversationResponse({ ...conversation, speaking: { muted: [{ user: 'bob', untilMs: 1e15 }] } }),
    });
    routers.startRouter('a');
    expect((await routers.send(room, 'bob')).error).toBe(errorTable.MUTED.code);
    expect(await routers.send(room, 'ann')).toMatchObject({ error: 0, seq: 8 });
  });
});
