import { describe, expect, it } from '@jest/globals';
import type { DetailRange, DetailRow } from '../history-store.js';
import { app, batchAt, count, detailRow, partition, textOfDetail } from './history-rows.js';
import type { HistorySuite } from './history-store-contract.js';

const space = 'm:g:a/0';
/** In the order of their code points; the second-last sorts behind the last for whoever compares UTF-16. */
const sortedKeys = ['', '0', '0001', '0001/r/+1/alice', '0001/r/é', '0002', '0010', 'A', 'a', 'a b', 'a/', 'aa', 'z', '\ufe0f', '👍'];
const behind = (...values: readonly string[]): readonly string[] => sortedKeys.slice(sortedKeys.indexOf(values[0] ?? ''));

/** What is promised of details. */
export function describeDetails(suite: HistorySuite): void {
  describe('details', () => {
    describeRanges(suite);
    describeChanges(suite);
  });
}

function describeRanges({ store, home, reopen }: HistorySuite): void {
  const keysOf = async (range: Partial<DetailRange> = {}, of = space): Promise<readonly string[]> =>
    (await store().details(app, of, { limit: 99, ...range })).map(({ key }) => key);
  const apply = async (offset: number, rows: readonly DetailRow[]): Promise<void> =>
    store().apply(partition, batchAt(offset, { details: rows }));

  for (const isReopened of [false, true]) {
    it(`gives the rows of a space in the order of their keys, both ways, ${isReopened ? 'from disk' : 'at once'}`, async () => {
      const odd = (_: string, i: number): boolean => i % 2 === 1;
      await apply(
        0,
        sortedKeys.filter(odd).map((key) => detailRow(space, key)),
      );
      if (isReopened && home().isPersistent) await reopen();
      await apply(
        1,
        sortedKeys
          .toReversed()
          .filter((key) => !sortedKeys.filter(odd).includes(key))
          .map((key) => detailRow(space, key)),
      );
      expect(await keysOf()).toEqual(sortedKeys);
      expect(await keysOf({ isBackwards: true })).toEqual(sortedKeys.toReversed());
      expect(await keysOf({ limit: 3 })).toEqual(sortedKeys.slice(0, 3));
      expect(await keysOf({ limit: 3, isBackwards: true })).toEqual(sortedKeys.toReversed().slice(0, 3));
      expect(await keysOf({ limit: 0 })).toEqual([]);
    });
  }

  for (const isReopened of [false, true]) {
    it(`begins at a key, included, whether there is a row or not, ${isReopened ? 'from disk' : 'at once'}`, async () => {
      await apply(
        0,
        sortedKeys.map((key) => detailRow(space, key)),
      );
      if (isReopened && home().isPersistent) await reopen();
      expect(await keysOf({ from: '0002' })).toEqual(behind('0002'));
      expect(await keysOf({ from: '00011' })).toEqual(behind('0002'));
      expect(await keysOf({ from: '0010', isBackwards: true, limit: 2 })).toEqual(['0010', '0002']);
      expect(await keysOf({ from: '0009', isBackwards: true, limit: 1 })).toEqual(['0002']);
      expect(await keysOf({ from: '', isBackwards: true })).toEqual(['']);
      expect(await keysOf({ from: '👎' })).toEqual([]);
      expect(await keysOf({ from: '👎', isBackwards: true, limit: 1 })).toEqual(['👍']);
    });
  }

  for (const isReopened of [false, true]) {
    it(`gives only keys that begin as asked for, ${isReopened ? 'from disk' : 'at once'}`, async () => {
      await apply(
        0,
        sortedKeys.map((key) => detailRow(space, key)),
      );
      if (isReopened && home().isPersistent) await reopen();
      expect(await keysOf({ prefix: '0001' })).toEqual(['0001', '0001/r/+1/alice', '0001/r/é']);
      expect(await keysOf({ prefix: '0001', isBackwards: true })).toEqual(['0001/r/é', '0001/r/+1/alice', '0001']);
      expect(await keysOf({ prefix: '0001', from: '0001/' })).toEqual(['0001/r/+1/alice', '0001/r/é']);
      expect(await keysOf({ prefix: '0001', from: '0001/', isBackwards: true })).toEqual(['0001']);
      expect(await keysOf({ prefix: '0001', from: 'a', isBackwards: true, limit: 1 })).toEqual(['0001/r/é']);
      expect(await keysOf({ prefix: '0001', from: '0', limit: 1 })).toEqual(['0001']);
      expect(await keysOf({ prefix: '0001', from: '0002' })).toEqual([]);
      expect(await keysOf({ prefix: '0001', from: '0', isBackwards: true })).toEqual([]);
      expect(await keysOf({ prefix: '👍' })).toEqual(['👍']);
      expect(await keysOf({ prefix: 'a ' })).toEqual(['a b']);
      expect(await keysOf({ prefix: 'b' })).toEqual([]);
    });
  }

  it('keeps spaces apart that begin alike, and apps that use the same ones', async () => {
    const spaces = ['m:g:a', 'm:g:a/0', 'm:g:a/01', 'm:g:a.b', 'm', 'm:g:é|☃'];
    await apply(
      0,
      spaces.flatMap((each) => [detailRow(each, 'k', each), { ...detailRow(each, 'other'), app: 'other' }]),
    );
    if (home().isPersistent) await reopen();
    for (const each of spaces) {
      const rows = await store().details(app, each, { limit: 9 });
      expect(rows.map(textOfDetail)).toEqual([each]);
      expect(rows[0]).toMatchObject({ app, space: each, key: 'k' });
      expect((await store().details('other', each, { limit: 9, isBackwards: true })).map(({ key }) => key)).toEqual(['other']);
    }
    expect(await keysOf({}, 'm:g')).toEqual([]);
  });

  it('reads a large space page by page', async () => {
    const keyOf = (number: number): string => String(number).padStart(16, '0');
    const rows = count(1, 3_000).map((number) => detailRow(space, keyOf(number), `${number}`));
    for (let i = 0; i < rows.length; i += 500) await apply(i, rows.slice(i, i + 500));
    const seen: string[] = [];
    for (let from = ''; ; ) {
      const page = await store().details(app, space, { from, limit: 400 });
      seen.push(...page.map(({ key }) => key));
      if (page.length < 400) break;
      from = `${seen.at(-1)}0`;
    }
    expect(seen).toEqual(rows.map(({ key }) => key));
  });
}

function describeChanges({ store, home, reopen }: HistorySuite): void {
  const reopenOrNot = async (isReopened: boolean): Promise<void> => {
    if (isReopened && home().isPersistent) await reopen();
  };
  const readValue = async (key: string): Promise<string | undefined> => {
    const value = await store().detail({ app, space, key });
    return value === undefined ? undefined : Buffer.from(value).toString();
  };
  const all = async (): Promise<readonly string[]> =>
    (await store().details(app, space, { limit: 99 })).map((row) => `${row.key}=${textOfDetail(row)}`);

  for (const isReopened of [false, true]) {
    const how = isReopened ? 'reopened in between' : 'at one go';
    it(`replaces and deletes values, and takes deleted ones back, ${how}`, async () => {
      await store().apply(partition, batchAt(0, { details: ['a', 'b', 'c', 'd'].map((key) => detailRow(space, key, 'old')) }));
      await reopenOrNot(isReopened);
      const gone = { app, space, value: new Uint8Array(0) };
      const changes = [detailRow(space, 'b', 'new'), { ...gone, key: 'c' }, { ...gone, key: 'never' }, { ...gone, key: 'a' }];
      await store().apply(partition, batchAt(1, { details: changes }));
      expect(await all()).toEqual(['b=new', 'd=old']);
      await reopenOrNot(isReopened);
      expect(await all()).toEqual(['b=new', 'd=old']);
      expect(await Promise.all(['a', 'b', 'c', 'd', 'never'].map(readValue))).toEqual([undefined, 'new', undefined, 'old', undefined]);
      expect((await store().details(app, space, { limit: 1 })).map(({ key }) => key)).toEqual(['b']);
      expect((await store().details(app, space, { limit: 1, from: 'c', isBackwards: true })).map(({ key }) => key)).toEqual(['b']);
      await store().apply(partition, batchAt(2, { details: [detailRow(space, 'c', 'again')] }));
      await reopenOrNot(isReopened);
      expect(await all()).toEqual(['b=new', 'c=again', 'd=old']);
    });
  }

  it('stays with the newest when older batches are replayed, also where that deleted', async () => {
    const set = batchAt(10, { details: [detailRow(space, 'a', '1'), detailRow(space, 'b', '1')] });
    const changed = batchAt(20, { details: [detailRow(space, 'a', '2'), { app, space, key: 'b', value: new Uint8Array(0) }] });
    await store().apply(partition, set);
    await store().apply(partition, changed);
    await store().apply(partition, changed);
    await store().apply(partition, set);
    expect(await all()).toEqual(['a=2']);
    if (home().isPersistent) await reopen();
    await store().apply(partition, set);
    expect(await all()).toEqual(['a=2']);
  });

  it('takes rows of one space from several partitions', async () => {
    await store().apply(1, batchAt(900, { details: [detailRow(space, 'a', '1'), detailRow(space, 'b', '1')] }));
    await store().apply(2, batchAt(5, { details: [detailRow(space, 'aa', '2')] }));
    await store().apply(1, batchAt(901, { details: [detailRow(space, 'b', '3')] }));
    expect(await all()).toEqual(['a=1', 'aa=2', 'b=3']);
    if (home().isPersistent) await reopen();
    await store().apply(2, batchAt(6, { details: [{ app, space, key: 'aa', value: new Uint8Array(0) }] }));
    expect(await all()).toEqual(['a=1', 'b=3']);
  });

  it('returns what is long unchanged: values, spaces and keys', async () => {
    const value = Uint8Array.from({ length: 40_000 }, (_, index) => index % 251);
    const row = { app, space: '☃'.repeat(256), key: '☃'.repeat(256), value };
    await store().apply(partition, batchAt(0, { details: [row, { ...row, key: '👍'.repeat(128) }] }));
    if (home().isPersistent) await reopen();
    expect(Uint8Array.from((await store().detail(row)) ?? [])).toEqual(value);
    expect((await store().details(app, row.space, { limit: 9 })).map(({ key }) => key)).toEqual([row.key, '👍'.repeat(128)]);
  });
}
