import { describe, expect, it } from '@jest/globals';
import { app, batchAt, conversationRow, count, eventsBatch, memberRow, partition, seqsOf } from './history-rows.js';
import type { HistorySuite } from './history-store-contract.js';

const room = 'r:hall';
const membershipOf = (user: string, conversation = room) => ({ app, user, conversation });
const byUser = (a: { readonly user: string }, b: { readonly user: string }): number => (a.user < b.user ? -1 : 1);

/** What rooms need of a HistoryStore: rules, an end to what is kept, and users who come and go. */
export function describeRoomRows(suite: HistorySuite): void {
  describe('rooms', () => {
    describeRules(suite);
    describeRetention(suite);
    describeDepartures(suite);
    describeEmptying(suite);
  });
}

function describeRules({ store, home, reopen }: HistorySuite): void {
  it('keeps who may speak, what newcomers may read and what is kept', async () => {
    const given = conversationRow(room, 9, { speaking: Uint8Array.of(8, 1, 0, 255), historyAccess: 2, keptFromSeq: 4 });
    await store().apply(partition, batchAt(0, { conversations: [given] }));
    const never = conversationRow('r:other', 1);
    await store().apply(partition, batchAt(1, { conversations: [never] }));
    // The same rules again: a store may leave out what it has written before.
    await store().apply(partition, batchAt(2, { conversations: [{ ...given, headSeq: 10 }] }));
    if (home().isPersistent) await reopen();
    const found = await store().conversation(app, room);
    expect({ ...found, speaking: [...(found?.speaking ?? [])] }).toEqual({ ...given, headSeq: 10, speaking: [8, 1, 0, 255] });
    expect((await store().conversation(app, 'r:other'))?.speaking).toHaveLength(0);
  });

  it('forgets rules that were lifted', async () => {
    const given = conversationRow(room, 9, { speaking: Uint8Array.of(8, 1), historyAccess: 2 });
    await store().apply(partition, batchAt(0, { conversations: [given] }));
    await store().apply(partition, batchAt(1, { conversations: [{ ...given, speaking: new Uint8Array(0), historyAccess: 0 }] }));
    if (home().isPersistent) await reopen();
    const found = await store().conversation(app, room);
    expect([found?.speaking.length, found?.historyAccess]).toEqual([0, 0]);
  });
}

function describeRetention({ store, home, reopen }: HistorySuite): void {
  const apply = async (offset: number, from: number, to: number, keptFromSeq: number): Promise<void> => {
    const { events } = eventsBatch(offset, room, from, to);
    await store().apply(partition, batchAt(offset, { events, conversations: [conversationRow(room, to, { keptFromSeq })] }));
  };

  it('gives back what is kept without a hole, whatever is retired below it', async () => {
    await apply(0, 1, 300, 0);
    await apply(1, 301, 500, 401);
    expect(await seqsOf(store(), room, { from: 401, limit: 200 })).toEqual(count(401, 500));
    await apply(2, 501, 900, 801);
    if (home().isPersistent) await reopen();
    await apply(3, 901, 1_000, 901);
    expect(await seqsOf(store(), room, { from: 901, limit: 200 })).toEqual(count(901, 1_000));
    expect((await seqsOf(store(), room, { from: 1_000, limit: 200, backwards: true })).slice(0, 100)).toEqual(count(1_000, 901));
  });

  it('deletes what is retired, and in no other conversation', async () => {
    if (!home().deletesRetired) return;
    await store().apply(partition, eventsBatch(0, 'r:hal', 1, 20));
    await store().apply(partition, eventsBatch(1, `${room}s`, 1, 20));
    for (let first = 1; first <= 5_000; first += 50) await apply(first + 1, first, first + 49, Math.max(0, first - 50));
    if (home().isPersistent) await reopen();
    expect(await seqsOf(store(), room, { from: 0, limit: 9_999 })).toEqual(count(4_901, 5_000));
    await apply(9_000, 5_001, 5_001, 5_002);
    if (home().isPersistent) await reopen();
    expect(await seqsOf(store(), room, { from: 0, limit: 9_999 })).toEqual([]);
    expect(await seqsOf(store(), 'r:hal', { from: 0, limit: 99 })).toEqual(count(1, 20));
    expect(await seqsOf(store(), `${room}s`, { from: 0, limit: 99 })).toEqual(count(1, 20));
  });
}

function describeDepartures({ store, home, reopen }: HistorySuite): void {
  const roomsOf = (page = {}): Promise<readonly string[]> => store().conversationsOf(app, 'alice', { limit: 10, ...page });
  const reopenOrNot = async (isReopened: boolean): Promise<void> => {
    if (isReopened && home().isPersistent) await reopen();
  };

  for (const isReopened of [false, true]) {
    const how = isReopened ? 'reopened in between' : 'at one go';
    it(`takes a room off a user who left it, and gives it back to one who returned, ${how}`, async () => {
      await store().apply(
        partition,
        batchAt(0, { memberships: [membershipOf('alice'), membershipOf('bob'), membershipOf('alice', 'r:b')] }),
      );
      await reopenOrNot(isReopened);
      await store().apply(partition, batchAt(1, { departures: [membershipOf('alice')] }));
      expect(await roomsOf()).toEqual(['r:b']);
      expect(await store().conversationsOf(app, 'bob', { limit: 10 })).toEqual([room]);
      await reopenOrNot(isReopened);
      expect(await roomsOf()).toEqual(['r:b']);
      await store().apply(partition, batchAt(2, { memberships: [membershipOf('alice')] }));
      await reopenOrNot(isReopened);
      expect(await roomsOf()).toEqual(['r:b', room]);
      await store().apply(partition, batchAt(3, { departures: [membershipOf('alice'), membershipOf('alice', 'r:b')] }));
      await reopenOrNot(isReopened);
      expect(await roomsOf()).toEqual([]);
    });
  }

  it('stays with the newest when older batches are replayed', async () => {
    const joined = batchAt(10, { memberships: [membershipOf('alice')] });
    const left = batchAt(20, { departures: [membershipOf('alice')] });
    const returned = batchAt(30, { memberships: [membershipOf('alice')] });
    await store().apply(partition, joined);
    await store().apply(partition, left);
    await store().apply(partition, left);
    await store().apply(partition, joined);
    expect(await roomsOf()).toEqual([]);
    await store().apply(partition, returned);
    await store().apply(partition, left);
    expect(await roomsOf()).toEqual([room]);
    if (home().isPersistent) await reopen();
    await store().apply(partition, left);
    expect(await roomsOf()).toEqual([room]);
  });

  it('takes off what was never there', async () => {
    await store().apply(partition, batchAt(0, { departures: [membershipOf('alice')] }));
    if (home().isPersistent) await reopen();
    expect(await roomsOf()).toEqual([]);
  });

  it('fills pages although rooms before, in and behind them were left a moment ago', async () => {
    const ids = count(10, 39).map((number) => `r:${number}`);
    await store().apply(partition, batchAt(0, { memberships: ids.map((id) => membershipOf('alice', id)) }));
    if (home().isPersistent) await reopen();
    const gone = ids.filter((_, i) => i < 8 || i % 3 === 0);
    await store().apply(partition, batchAt(1, { departures: gone.map((id) => membershipOf('alice', id)) }));
    const left = ids.filter((id) => !gone.includes(id));
    expect(await roomsOf({ limit: 6 })).toEqual(left.slice(0, 6));
    expect(await roomsOf({ limit: 6, after: left[5] })).toEqual(left.slice(6, 12));
    expect(await roomsOf({ limit: 50 })).toEqual(left);
  });
}

function describeEmptying({ store, home, reopen }: HistorySuite): void {
  it('finds several members at once, and none that has no row', async () => {
    const users = count(100, 349).map((number) => `user-${number}`);
    await store().apply(partition, batchAt(0, { members: users.slice(0, 125).map((user) => memberRow(room, user)) }));
    if (home().isPersistent) await reopen();
    await store().apply(partition, batchAt(1, { members: users.slice(120).map((user) => memberRow(room, user, { version: 2 })) }));
    const found = await store().membersAmong(app, room, ['nobody', ...users, 'user-10']);
    const expected = users.map((user, i) => memberRow(room, user, { version: i < 120 ? 1 : 2 }));
    expect([...found].sort(byUser)).toEqual(expected);
    expect(await store().membersAmong(app, 'r:other', users)).toEqual([]);
    expect(await store().membersAmong(app, room, [])).toEqual([]);
  });

  const first = batchAt(10, { members: [memberRow(room, 'alice'), memberRow(room, 'bob'), memberRow('r:hall2', 'alice')] });
  // Destroyed and made again within one batch.
  const anew = memberRow(room, 'bob', { version: 9, spans: [{ from: 7 }] });
  const second = batchAt(11, { emptied: [{ app, conversation: room }], members: [anew] });
  const expectAnew = async (): Promise<void> => {
    expect(await store().members(app, room, { limit: 10 })).toEqual([anew]);
    expect(await store().member(app, room, 'alice')).toBeUndefined();
    expect(await store().membersAmong(app, room, ['alice', 'bob'])).toEqual([anew]);
    expect(await store().members(app, 'r:hall2', { limit: 10 })).toHaveLength(1);
  };

  for (const isReopened of [false, true]) {
    it(`keeps nobody of a room that was destroyed, also when it is replayed, ${isReopened ? 'reopened' : 'at one go'}`, async () => {
      const reopenOrNot = async (): Promise<void> => {
        if (isReopened && home().isPersistent) await reopen();
      };
      await store().apply(partition, first);
      await reopenOrNot();
      await store().apply(partition, second);
      await expectAnew();
      await reopenOrNot();
      await store().apply(partition, second);
      await store().apply(partition, first);
      await expectAnew();
      await store().apply(partition, batchAt(12, { emptied: [{ app, conversation: room }] }));
      await reopenOrNot();
      expect(await store().members(app, room, { limit: 10 })).toEqual([]);
      expect(await store().member(app, room, 'bob')).toBeUndefined();
    });
  }
}
