import { describe, expect, it } from '@jest/globals';
import {
  app,
  batchAt,
  conversationRow,
  count,
  detailRow,
  eventRow,
  eventsBatch,
  memberRow,
  partition,
  sendRow,
  seqsOf,
} from './history-rows.js';
import type { HistorySuite } from './history-store-contract.js';

/** What is promised of a store that is wiped or compacted. */
export function describeWipe(suite: HistorySuite): void {
  describe('wiped and compacted', () => {
    describeForgetting(suite);
    describeBeginningAnew(suite);
    describeCompaction(suite);
  });
}

const everything = ({ home }: HistorySuite) =>
  batchAt(10, {
    events: [eventRow('g:a', 1)],
    conversations: [conversationRow('g:a', 1)],
    members: [memberRow('g:a', 'alice')],
    sends: [sendRow('g:a', 1, { timeMs: home().clock.now() })],
    memberships: [{ app, user: 'alice', conversation: 'g:a' }],
    details: [detailRow('s', 'k')],
  });

function describeForgetting(suite: HistorySuite): void {
  const { store, home, reopen } = suite;
  const expectNothing = async (): Promise<void> => {
    expect((await store().checkpoints()).size).toBe(0);
    expect(await store().conversation(app, 'g:a')).toBeUndefined();
    expect(await store().allConversations({ limit: 9 })).toEqual([]);
    expect(await seqsOf(store(), 'g:a', { from: 1, limit: 9 })).toEqual([]);
    expect(await store().member(app, 'g:a', 'alice')).toBeUndefined();
    expect(await store().members(app, 'g:a', { limit: 9 })).toEqual([]);
    expect(await store().conversationsOf(app, 'alice', { limit: 9 })).toEqual([]);
    expect(await store().findSend(app, 'g:a', 'alice', 'c-1')).toBeUndefined();
    expect(await store().detail({ app, space: 's', key: 'k' })).toBeUndefined();
    expect(await store().details(app, 's', { limit: 9 })).toEqual([]);
  };

  for (const isReopened of [false, true]) {
    it(`forgets everything and begins a new epoch, ${isReopened ? 'from disk' : 'at once'}`, async () => {
      const epoch = await store().epoch();
      await store().apply(partition, everything(suite));
      if (isReopened && home().isPersistent) await reopen();
      await store().amend(partition, { events: [], conversations: [], details: [detailRow('s', 'amended')] });
      await store().wipe();
      const wiped = await store().epoch();
      expect(wiped).not.toBe(epoch);
      await expectNothing();
      if (home().isPersistent) await reopen();
      await expectNothing();
      expect(await store().epoch()).toBe(wiped);
    });
  }

  it('forgets or refuses the batches that are under way', async () => {
    await store().apply(partition, everything(suite));
    const underWay = count(1, 8).map((each) => store().apply(each, eventsBatch(each, `g:${each}`, 1, 200)));
    const settled = Promise.allSettled(underWay);
    await store().wipe();
    await settled;
    await expectNothing();
    for (const each of count(1, 8)) expect(await seqsOf(store(), `g:${each}`, { from: 1, limit: 9 })).toEqual([]);
    if (home().isPersistent) await reopen();
    await expectNothing();
  });
}

function describeBeginningAnew(suite: HistorySuite): void {
  const { store, home, reopen } = suite;

  it('takes nothing of a partition that goes on as if nothing had happened, until it begins anew', async () => {
    await store().apply(partition, everything(suite));
    await store().wipe();
    const next = eventsBatch(11, 'g:a', 2, 3);
    await expect(store().apply(partition, next)).rejects.toMatchObject({ name: 'HistoryWipedError' });
    await expect(store().amend(partition, { events: next.events, conversations: [], details: [] })).rejects.toMatchObject({
      name: 'HistoryWipedError',
    });
    // Whoever only watches has not begun anew.
    await store().checkpoints();
    await expect(store().apply(partition, next)).rejects.toMatchObject({ name: 'HistoryWipedError' });
    expect(await store().checkpoint(partition)).toBeUndefined();
    await expect(store().apply(partition + 1, next)).rejects.toMatchObject({ name: 'HistoryWipedError' });
    await store().apply(partition, everything(suite));
    await store().apply(partition, next);
    if (home().isPersistent) await reopen();
    expect(await seqsOf(store(), 'g:a', { from: 1, limit: 9 })).toEqual([1, 2, 3]);
    expect(await store().checkpoint(partition)).toEqual(next.checkpoint);
  });

  it('writes the same rows again from the beginning of the log, also where they were amended', async () => {
    await store().apply(partition, everything(suite));
    await store().amend(partition, { events: [], conversations: [], details: [detailRow('s', 'k', 'amended')] });
    await store().wipe();
    await store().checkpoint(partition);
    await store().apply(partition, batchAt(2, { details: [detailRow('s', 'k', 'first')] }));
    expect(Buffer.from((await store().detail({ app, space: 's', key: 'k' })) ?? []).toString()).toBe('first');
    await store().amend(partition, { events: [], conversations: [], details: [detailRow('s', 'k', 'again')] });
    expect(Buffer.from((await store().detail({ app, space: 's', key: 'k' })) ?? []).toString()).toBe('again');
  });
}

function describeCompaction({ store, home, reopen }: HistorySuite): void {
  it('loses nothing that was kept when it is compacted', async () => {
    const epoch = await store().epoch();
    const now = home().clock.now();
    for (const each of count(0, 9)) {
      const rows = {
        ...eventsBatch(each, 'g:a', each * 500 + 1, each * 500 + 500),
        sends: [sendRow('g:a', each, { timeMs: now - each * 86_400_000 * 0.6 })],
      };
      await store().apply(partition, rows);
    }
    await store().apply(partition, batchAt(10, { details: [detailRow('s', 'k')], members: [memberRow('g:a', 'alice')] }));
    await store().compact();
    await store().apply(partition, batchAt(11, { details: [detailRow('s', 'l')] }));
    if (home().isPersistent) await reopen();
    expect(await store().epoch()).toBe(epoch);
    expect(await seqsOf(store(), 'g:a', { from: 1, limit: 9_999 })).toEqual(count(1, 5_000));
    expect((await store().details(app, 's', { limit: 9 })).map(({ key }) => key)).toEqual(['k', 'l']);
    expect(await store().member(app, 'g:a', 'alice')).toEqual(memberRow('g:a', 'alice'));
    for (const each of count(0, 9)) expect((await store().findSend(app, 'g:a', 'alice', `c-${each}`))?.seq).toBe(each);
    expect(await store().checkpoint(partition)).toEqual(batchAt(11).checkpoint);
    if (home().isPersistent) await reopen();
    await store().apply(partition, eventsBatch(12, 'g:a', 5_001, 5_010));
    expect(await seqsOf(store(), 'g:a', { from: 4_995, limit: 99 })).toEqual(count(4_995, 5_010));
  });
}
