import { describe, expect, it } from '@jest/globals';
import { testApp } from '@parley/aggregates/contract';
import type { ListRoomsRequestInit } from '@parley/contracts/room';
import { encodeContent, type Priority as PriorityValue, Priority } from '@parley/wire';
import fc from 'fast-check';
import { roomLimits } from './limits.js';
import { listRooms } from './rpc/list-rooms.js';
import { errorOf, type RoomClient, RoomFixture, turns } from './testing/room-subject.js';

const app = testApp;

async function listAll(rooms: Pick<RoomClient, 'listRooms'>, request: ListRoomsRequestInit = {}): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let page = ''; ; ) {
    const answer = await rooms.listRooms({ app, ...request, page });
    ids.push(...answer.rooms.map(({ room }) => room));
    if (answer.nextPage === '') return ids;
    page = answer.nextPage;
  }
}

const named = (count: number, prefix: string): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

describe('a list of rooms', () => {
  it('has all rooms of the app from all partitions, each once, in the order of their ids', async () => {
    await using fixture = await RoomFixture.open();
    const { rooms } = fixture;
    const ids = named(150, 'room');
    await Promise.all(ids.map((room) => rooms.createRoom({ app, room, creator: 'ann' })));
    await rooms.createRoom({ app: 'other', room: 'hidden', creator: 'ann' });
    for (const limit of [0, 1, 7, 100]) expect(await listAll(rooms, { limit })).toEqual([...ids].sort());
    expect(await listAll(rooms, { app: 'other' })).toEqual(['hidden']);
  });

  it('says what members know of a room, but for mutes', async () => {
    await using fixture = await RoomFixture.open();
    const { rooms } = fixture;
    await rooms.createRoom({ app, room: 'x', creator: 'ann', name: 'Hall', attributes: [{ key: 'mode', value: 'duel' }] });
    await rooms.mute({ app, room: 'x', user: 'bob', durationMs: 1_000 });
    const { rooms: listed } = await rooms.listRooms({ app });
    expect(listed).toMatchObject([{ room: 'x', name: 'Hall', owner: 'ann', memberCount: 1, attributes: [{ key: 'mode' }], mutes: [] }]);
  });

  it('shows what the filter asks for', async () => {
    await using fixture = await RoomFixture.open();
    const { rooms } = fixture;
    const make = (room: string, name: string, mode?: string) =>
      rooms.createRoom({ app, room, creator: 'ann', name, attributes: mode === undefined ? [] : [{ key: 'mode', value: mode }] });
    await Promise.all([make('a', 'Hall 1', 'duel'), make('b', 'Hall 2', 'team'), make('c', 'hall 3'), make('d', 'Cave', 'duel')]);
    expect(await listAll(rooms, { filter: { namePrefix: 'Hall' } })).toEqual(['a', 'b']);
    expect(await listAll(rooms, { filter: { attributeKey: 'mode' } })).toEqual(['a', 'b', 'd']);
    expect(await listAll(rooms, { filter: { attributeKey: 'mode', attributeValue: 'duel' } })).toEqual(['a', 'd']);
    expect(await listAll(rooms, { filter: { namePrefix: 'Hall', attributeKey: 'mode', attributeValue: 'duel' } })).toEqual(['a']);
  });

  it('hides unlisted rooms from users, not from the back end', async () => {
    await using fixture = await RoomFixture.open();
    const { rooms } = fixture;
    await rooms.createRoom({ app, room: 'open', creator: 'ann' });
    await rooms.createRoom({ app, room: 'secret', creator: 'ann', options: { isUnlisted: true } });
    expect(await listAll(rooms, { viewer: 'ann' })).toEqual(['open']);
    expect(await listAll(rooms)).toEqual(['open', 'secret']);
  });

  it('does not skip or repeat rooms while others come and go, nor over a take-over', async () => {
    await using fixture = await RoomFixture.open();
    const ids = named(60, 'room');
    await Promise.all(ids.map((room) => fixture.rooms.createRoom({ app, room, creator: 'ann' })));
    const seen: string[] = [];
    let page = '';
    for (let step = 0; ; step++) {
      const answer = await fixture.rooms.listRooms({ app, limit: 10, page });
      seen.push(...answer.rooms.map(({ room }) => room).filter((room) => ids.includes(room)));
      if (answer.nextPage === '') break;
      page = answer.nextPage;
      await fixture.rooms.createRoom({ app, room: `${answer.rooms.at(-1)?.room}-new`, creator: 'ann' });
      if (step === 2) await fixture.stop().then(() => fixture.takeOver('bb'));
    }
    expect(seen).toEqual([...ids].sort());
  });

  it('looks at a bounded number of rooms in each call, however few it finds', async () => {
    await using fixture = await RoomFixture.open();
    const { rooms } = fixture;
    const ids = named(2_500, 'room');
    await Promise.all(ids.map((room) => rooms.createRoom({ app, room, name: room === 'room999' ? 'Hall' : '', creator: 'ann' })));
    const filter = { namePrefix: 'Hall' };
    const first = await rooms.listPartitionRooms({ app, partition: 0, filter });
    expect(first.nextAfter).not.toBe('');
    expect((await rooms.listRooms({ app, filter })).nextPage).not.toBe('');
    expect(await listAll(rooms, { filter })).toEqual(['room999']);
  }, 30_000);

  it('leaves out rooms that are gone', async () => {
    await using fixture = await RoomFixture.open();
    const { rooms } = fixture;
    await rooms.enterRoom({ app, room: 'x', user: 'ann' });
    await rooms.enterRoom({ app, room: 'y', user: 'ann' });
    await rooms.leaveRoom({ app, room: 'x', user: 'ann' });
    expect(await listAll(rooms)).toEqual(['y']);
  });

  it('fails when a partition cannot be asked, rather than to leave its rooms out', async () => {
    const owners = {
      listPartitionRooms: async ({ partition = 0 }) => {
        if (partition === 3) throw new Error('unreachable');
        return { rooms: [], nextAfter: '' };
      },
    };
    const request = { app, filter: undefined, page: '', limit: 0, viewer: '' };
    await expect(listRooms({ owners, partitions: 8 }, request, new AbortController().signal)).rejects.toThrow('unreachable');
  });

  it('is complete and in order however rooms are spread over partitions', async () => {
    const id = fc.stringMatching(/^[a-c]{1,4}$/);
    const spread = fc.uniqueArray(fc.tuple(id, fc.nat(7)), { selector: ([room]) => room, maxLength: 80 });
    await fc.assert(
      fc.asyncProperty(spread, fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 5 }), async (placed, limit, shown) => {
        const { owners, questions } = fakeOwners(placed, shown);
        const signal = new AbortController().signal;
        const client = {
          listRooms: (init: ListRoomsRequestInit) =>
            listRooms({ owners, partitions: 8 }, { app, filter: undefined, viewer: '', limit: 0, page: '', ...init } as never, signal),
        } as unknown as Pick<RoomClient, 'listRooms'>;
        expect(await listAll(client, { limit })).toEqual(placed.map(([room]) => room).sort());
        expect(questions.length % 8).toBe(0);
      }),
      { numRuns: 50 },
    );
  });
});

/** Partitions that show fewer rooms than they are asked for. */
function fakeOwners(placed: readonly (readonly [string, number])[], shown: number) {
  const questions: number[] = [];
  const listPartitionRooms = async ({ partition = 0, after = '', limit = 0 }) => {
    questions.push(partition);
    const ids = placed.filter(([room, at]) => at === partition && room > after).map(([room]) => room);
    const page = ids.sort().slice(0, Math.min(limit, shown));
    return { rooms: page.map((room) => ({ room })) as never[], nextAfter: page.length < ids.length ? (page.at(-1) ?? '') : '' };
  };
  return { owners: { listPartitionRooms }, questions };
}

const text = (words: string): Uint8Array => encodeContent({ kind: { type: 'text', value: { text: words } } });
const bullet = encodeContent({ kind: { type: 'bullet', value: { text: 'hi' } } });

describe('a message to all rooms', () => {
  async function withRooms(count: number): Promise<{ readonly fixture: RoomFixture; readonly ids: readonly string[] }> {
    const fixture = await RoomFixture.open();
    const ids = named(count, 'room');
    await Promise.all(ids.map((room) => fixture.rooms.createRoom({ app, room, creator: 'ann' })));
    await fixture.rooms.createRoom({ app: 'other', room: 'room0', creator: 'ann' });
    return { fixture, ids };
  }

  const wordsIn = (fixture: RoomFixture, room: string) => fixture.known(room).messages.map(({ clientMsgId }) => clientMsgId);

  it('is said once in every room of the app, however often it is repeated', async () => {
    const { fixture, ids } = await withRooms(150);
    await using _ = fixture;
    const send = { app, clientMsgId: 'm1', content: text('hello') };
    expect(await fixture.rooms.sendToAllRooms(send)).toEqual({ rooms: 150 });
    expect(await fixture.rooms.sendToAllRooms(send)).toEqual({ rooms: 150 });
    for (const room of ids) expect(wordsIn(fixture, room)).toEqual(['m1']);
    expect(fixture.cluster.router.conversation('other', 'r:room0').messages).toEqual([]);
    expect(fixture.known('room7').messages).toMatchObject([{ sender: '', isPrivileged: true, priority: Priority.MEDIUM }]);
  });

  it.each([
    [Priority.LOW, 'low'],
    [Priority.HIGH, 'high'],
  ] as const)('goes by the lane of its priority (%i)', async (priority: PriorityValue, lane) => {
    const { fixture } = await withRooms(3);
    await using _ = fixture;
    await fixture.rooms.sendToAllRooms({ app, sender: 'host', clientMsgId: 'm1', priority, content: text('hello') });
    const { router } = fixture.cluster;
    const sends = router.submitted.filter(({ body }) => body?.type === 'send');
    expect(sends.map((command) => router.laneOf(command))).toEqual([lane, lane, lane]);
  });

  it('leaves the routers time: only so many are on their way at once', async () => {
    const { fixture, ids } = await withRooms(400);
    await using _ = fixture;
    const { router } = fixture.cluster;
    router.behave = ({ body }) => (body?.type === 'send' ? 'hold' : 'answer');
    const before = router.submitted.length;
    const call = fixture.rooms.sendToAllRooms({ app, clientMsgId: 'm1', content: text('hello') });
    await turns();
    expect(router.submitted.length - before).toBeLessThanOrEqual(roomLimits.sendPartitionsAtOnce * roomLimits.sendRoomsAtOnce);
    router.behave = () => 'answer';
    router.release();
    expect(await call).toEqual({ rooms: ids.length });
  });

  it('is tried again where the routers refuse it for now or do not answer', async () => {
    const { fixture, ids } = await withRooms(40);
    await using _ = fixture;
    let sends = 0;
    fixture.cluster.router.behave = ({ body }) => {
      if (body?.type !== 'send' || sends++ % 3 > 0) return 'answer';
      return sends % 2 === 0 ? 'OVERLOADED' : 'mute';
    };
    const call = fixture.rooms.sendToAllRooms({ app, clientMsgId: 'm1', content: text('hello') });
    await fixture.pass(30_000, 100);
    expect(await call).toEqual({ rooms: ids.length });
    for (const room of ids) expect(wordsIn(fixture, room)).toEqual(['m1']);
  });

  it('fails when it could not be said everywhere, and is completed by repeating it', async () => {
    const { fixture, ids } = await withRooms(40);
    await using _ = fixture;
    fixture.cluster.router.behave = ({ body, conversation }) =>
      body?.type === 'send' && conversation === 'r:room9' ? 'UNAVAILABLE' : 'answer';
    const send = { app, clientMsgId: 'm1', content: text('hello') };
    const call = errorOf(fixture.rooms.sendToAllRooms(send));
    await fixture.pass(10_000, 100);
    expect((await call)[0]).toBe('TIMEOUT');
    fixture.cluster.router.behave = () => 'answer';
    expect(await fixture.rooms.sendToAllRooms(send)).toEqual({ rooms: ids.length });
    for (const room of ids) expect(wordsIn(fixture, room)).toEqual(['m1']);
  });

  it('is not said again where it may have been heard and nobody would remember', async () => {
    const { fixture } = await withRooms(1);
    await using _ = fixture;
    const { router } = fixture.cluster;
    router.behave = ({ body }) => (body?.type === 'send' ? 'lose' : 'answer');
    const call = errorOf(fixture.rooms.sendToAllRooms({ app, clientMsgId: 'm1', content: bullet }));
    await fixture.pass(20_000, 100);
    expect((await call)[0]).toBe('TIMEOUT');
    expect(router.submitted.filter(({ body }) => body?.type === 'send')).toHaveLength(1);
  });

  it('passes over rooms that end meanwhile', async () => {
    const { fixture } = await withRooms(5);
    await using _ = fixture;
    fixture.cluster.router.behave = ({ body, conversation }) =>
      body?.type === 'send' && conversation === 'r:room3' ? 'CONVERSATION_NOT_FOUND' : 'answer';
    expect(await fixture.rooms.sendToAllRooms({ app, clientMsgId: 'm1', content: text('hello') })).toEqual({ rooms: 4 });
  });

  it('is checked before anybody hears of it', async () => {
    const { fixture } = await withRooms(2);
    await using _ = fixture;
    const { rooms, cluster } = fixture;
    const before = cluster.router.submitted.length;
    const wrong = [
      rooms.sendToAllRooms({ app, clientMsgId: 'm1', content: new Uint8Array([1]) }),
      rooms.sendToAllRooms({ app, clientMsgId: 'm1', content: text('x'.repeat(33 * 1_024)) }),
      rooms.sendToAllRooms({ app, sender: 'no user', clientMsgId: 'm1', content: text('x') }),
    ];
    expect((await Promise.all(wrong.map(errorOf))).map(([error]) => error)).toEqual([
      'INVALID_ARGUMENT',
      'MESSAGE_TOO_LARGE',
      'INVALID_ARGUMENT',
    ]);
    expect(cluster.router.submitted.length).toBe(before);
  });
});
