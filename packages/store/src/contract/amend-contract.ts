import { describe, expect, it } from '@jest/globals';
import type { EventRow, HistoryAmendment } from '../history-store.js';
import { app, batchAt, conversationRow, count, detailRow, eventRow, eventsBatch, partition, seqsOf } from './history-rows.js';
import type { HistorySuite } from './history-store-contract.js';

const none: HistoryAmendment = { events: [], conversations: [], details: [] };
const space = 'm:g:a/0';
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));
const redacted = (seq: number, text = 'redacted', countable = seq): EventRow => ({
  ...eventRow('g:a', seq),
  event: bytes(text),
  countable,
});

/** What is promised of rows that are replaced, by later batches and by amendments. */
export function describeAmendments(suite: HistorySuite): void {
  describe('replaced rows', () => {
    describeReplacement(suite);
    describeOrder(suite);
    describeConversations(suite);
  });
}

const readerOf = ({ store }: HistorySuite) => ({
  texts: async (): Promise<readonly string[]> => {
    const rows = await store().events(app, 'g:a', { from: 1, limit: 20, backwards: false });
    return rows.map(({ event, countable }) => `${Buffer.from(event).toString()} ${countable}`);
  },
  detail: async (key: string): Promise<string | undefined> => {
    const value = await store().detail({ app, space, key });
    return value === undefined ? undefined : Buffer.from(value).toString();
  },
});

function describeReplacement(suite: HistorySuite): void {
  const { store, home, reopen } = suite;
  const { texts } = readerOf(suite);

  it('says how many events count up to each', async () => {
    await store().apply(partition, batchAt(0, { events: [redacted(1, 'a', 0), redacted(2, 'b', 2 ** 40)] }));
    expect(await texts()).toEqual(['a 0', `b ${2 ** 40}`]);
    if (home().isPersistent) await reopen();
    expect(await texts()).toEqual(['a 0', `b ${2 ** 40}`]);
  });

  it('gives an event as the newest batch has it, also when the older one is replayed', async () => {
    const first = batchAt(0, { events: [redacted(1, 'x'), redacted(2, 'y')] });
    const edit = batchAt(1, { events: [redacted(1, 'edited'), redacted(3, 'z')] });
    await store().apply(partition, first);
    if (home().isPersistent) await reopen();
    await store().apply(partition, edit);
    await store().apply(partition, first);
    expect(await texts()).toEqual(['edited 1', 'y 2', 'z 3']);
    if (home().isPersistent) await reopen();
    await store().apply(partition, first);
    expect(await texts()).toEqual(['edited 1', 'y 2', 'z 3']);
  });

  it('keeps what else is known of a conversation, and forgets it when it is gone', async () => {
    const row = conversationRow('g:a', 1, { details: bytes('relation') });
    await store().apply(partition, batchAt(0, { conversations: [row] }));
    await store().apply(partition, batchAt(1, { conversations: [{ ...row, headSeq: 2 }] }));
    if (home().isPersistent) await reopen();
    const found = await store().conversation(app, 'g:a');
    expect({ ...found, details: Buffer.from(found?.details ?? []).toString() }).toEqual({ ...row, headSeq: 2, details: 'relation' });
    await store().apply(partition, batchAt(2, { conversations: [{ ...row, headSeq: 3, details: new Uint8Array(0) }] }));
    if (home().isPersistent) await reopen();
    expect((await store().conversation(app, 'g:a'))?.details).toHaveLength(0);
  });
}

function describeOrder(suite: HistorySuite): void {
  const { store, home, reopen } = suite;
  const { texts, detail } = readerOf(suite);
  const first = batchAt(10, {
    events: [redacted(1, 'one'), redacted(2, 'two')],
    details: [detailRow(space, 'a', '1'), detailRow(space, 'b', '1')],
  });
  const gone = { app, space, value: new Uint8Array(0) };

  for (const isReopened of [false, true]) {
    const how = isReopened ? 'reopened in between' : 'at one go';
    it(`amends what the newest batch and older ones wrote; a replay leaves it alone, ${how}`, async () => {
      const reopenOrNot = async (): Promise<void> => {
        if (isReopened && home().isPersistent) await reopen();
      };
      await store().apply(partition, first);
      await store().apply(partition, batchAt(11, { events: [redacted(3, 'three')], details: [detailRow(space, 'c', '1')] }));
      await reopenOrNot();
      const amended = [redacted(1), redacted(3)];
      await store().amend(partition, { ...none, events: amended, details: [detailRow(space, 'b', '2'), { ...gone, key: 'c' }] });
      const expectAmended = async (): Promise<void> => {
        expect(await texts()).toEqual(['redacted 1', 'two 2', 'redacted 3']);
        expect(await Promise.all(['a', 'b', 'c'].map(detail))).toEqual(['1', '2', undefined]);
      };
      await expectAmended();
      await reopenOrNot();
      await store().apply(partition, first);
      await store().apply(partition, batchAt(11, { events: [redacted(3, 'three')], details: [detailRow(space, 'c', '1')] }));
      await expectAmended();
      expect(await store().checkpoint(partition)).toEqual(batchAt(11).checkpoint);
    });

    it(`lets the last amendment win, and every batch that follows, ${how}`, async () => {
      const reopenOrNot = async (): Promise<void> => {
        if (isReopened && home().isPersistent) await reopen();
      };
      await store().apply(partition, first);
      for (const value of ['z', 'b', 'a']) {
        await store().amend(partition, { ...none, events: [redacted(1, value)], details: [detailRow(space, 'a', value)] });
        await reopenOrNot();
      }
      expect([(await texts())[0], await detail('a')]).toEqual(['a 1', 'a']);
      await store().amend(partition, { ...none, details: [{ ...gone, key: 'a' }] });
      await reopenOrNot();
      await store().amend(partition, { ...none, details: [detailRow(space, 'a', 'back')] });
      expect(await detail('a')).toBe('back');
      await reopenOrNot();
      await store().apply(partition, batchAt(11, { events: [redacted(1, 'Z')], details: [detailRow(space, 'a', 'Z')] }));
      await reopenOrNot();
      expect([(await texts())[0], await detail('a')]).toEqual(['Z 1', 'Z']);
      await store().amend(partition, { ...none, details: [detailRow(space, 'a', 'A')] });
      expect(await detail('a')).toBe('A');
    });
  }

  it('amends at the same time, and in a partition that has applied nothing', async () => {
    const amendments = count(1, 20).map((number) => store().amend(partition, { ...none, details: [detailRow(space, `${number}`, 'x')] }));
    await Promise.all(amendments);
    expect(await store().details(app, space, { limit: 99 })).toHaveLength(20);
    expect(await store().checkpoint(partition)).toBeUndefined();
    expect((await store().checkpoints()).size).toBe(0);
    if (home().isPersistent) await reopen();
    expect((await store().checkpoints()).size).toBe(0);
    await store().apply(partition, first);
    expect(await detail('a')).toBe('1');
    expect(await detail('20')).toBe('x');
  });
}

function describeConversations({ store, home, reopen }: HistorySuite): void {
  it('amends a row of a conversation, but never back to an older head or membership', async () => {
    const row = conversationRow('g:a', 5, { membershipVersion: 3 });
    await store().apply(partition, batchAt(0, { conversations: [row] }));
    if (home().isPersistent) await reopen();
    const amended = { ...row, keptFromSeq: 2, details: bytes('x') };
    const outdated = [
      { ...row, headSeq: 4, membershipVersion: 9 },
      { ...row, headSeq: 9, membershipVersion: 2 },
    ];
    for (const each of outdated) await store().amend(partition, { ...none, conversations: [each] });
    expect((await store().conversation(app, 'g:a'))?.headSeq).toBe(5);
    await store().amend(partition, { ...none, conversations: [amended] });
    for (const each of outdated) await store().amend(partition, { ...none, conversations: [each] });
    if (home().isPersistent) await reopen();
    const found = await store().conversation(app, 'g:a');
    expect({ ...found, details: Buffer.from(found?.details ?? []).toString() }).toEqual({ ...amended, details: 'x' });
    await store().apply(partition, batchAt(1, { conversations: [{ ...amended, headSeq: 6 }] }));
    expect((await store().conversation(app, 'g:a'))?.headSeq).toBe(6);
  });

  it('deletes the events that an amendment retires', async () => {
    for (let first = 1; first <= 4_501; first += 500) await store().apply(partition, eventsBatch(first, 'g:a', first, first + 499));
    await store().apply(partition, eventsBatch(5_000, 'g:b', 1, 10));
    for (const keptFromSeq of [3_001, 4_601]) {
      await store().amend(partition, { ...none, conversations: [conversationRow('g:a', 5_000, { keptFromSeq })] });
      if (home().isPersistent) await reopen();
      expect(await seqsOf(store(), 'g:a', { from: 0, limit: 9_999 })).toEqual(count(keptFromSeq, 5_000));
    }
    expect(await seqsOf(store(), 'g:a', { from: 5_000, limit: 9_999, backwards: true })).toEqual(count(5_000, 4_601));
    expect(await seqsOf(store(), 'g:b', { from: 0, limit: 99 })).toEqual(count(1, 10));
  });

  it('pages all conversations, each once, with their newest rows', async () => {
    const ids = count(1, 60).map((number) => `g:${number}`);
    const rows = [...ids.map((id) => conversationRow(id, 1)), { ...conversationRow('g:1', 1), app: 'other' }, conversationRow('u:a|é', 1)];
    await store().apply(partition, batchAt(0, { conversations: rows.slice(0, 30) }));
    if (home().isPersistent) await reopen();
    await store().apply(partition, batchAt(1, { conversations: rows.slice(30) }));
    await store().apply(partition, batchAt(2, { conversations: [conversationRow('g:7', 9)], events: [eventRow('g:none', 1)] }));
    for (const limit of [1, 7, 62, 99]) {
      const seen = [];
      for (;;) {
        const after = seen.at(-1);
        const page = await store().allConversations({ limit, ...(after === undefined ? {} : { after }) });
        if (page.length === 0) break;
        expect(page.length).toBeLessThanOrEqual(limit);
        seen.push(...page);
      }
      expect(seen.map(({ app: of, conversation, headSeq }) => `${of} ${conversation} ${headSeq}`).sort()).toEqual(
        rows.map(({ app: of, conversation }) => `${of} ${conversation} ${conversation === 'g:7' ? 9 : 1}`).sort(),
      );
    }
  });
}
