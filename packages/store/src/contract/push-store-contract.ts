import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { PushBatch, PushStore, UnreachedRow } from '../push-store.js';
import { app, partition, positionAt } from './history-rows.js';

/** A place where a push store lives. */
export interface PushStoreHome {
  open(): Promise<PushStore>;
  readonly isPersistent: boolean;
  dispose(): Promise<void>;
}

const unreachedRow = (user: string, conversation: string, more: Partial<UnreachedRow> = {}): UnreachedRow => ({
  app,
  user,
  conversation,
  seq: 1,
  count: 1,
  timeMs: 1_700_000_000_000,
  ...more,
});

const batchAt = (offset: number, rows: readonly UnreachedRow[]): PushBatch => ({ offset, rows, checkpoint: positionAt(offset + 1) });

/** What every PushStore promises; the factory makes an empty home per test. */
export function pushStoreContract(name: string, createHome: () => Promise<PushStoreHome>): void {
  describe(`PushStore: ${name}`, () => {
    let home: PushStoreHome;
    let store: PushStore;
    beforeEach(async () => {
      home = await createHome();
      store = await home.open();
    });
    afterEach(async () => {
      await store[Symbol.asyncDispose]();
      await home.dispose();
    });
    const reopenIfPersistent = async (): Promise<void> => {
      if (!home.isPersistent) return;
      await store[Symbol.asyncDispose]();
      store = await home.open();
    };

    it('has nothing at first', async () => {
      expect(await store.checkpoint(partition)).toBeUndefined();
      expect(await store.unreachedIn(app, 'alice', 'g:a')).toBeUndefined();
      expect(await store.unreached(app, 'alice', { limit: 10 })).toEqual([]);
    });

    it('replaces the row of a user and conversation, and keeps it', async () => {
      await store.apply(partition, batchAt(1, [unreachedRow('alice', 'g:a'), unreachedRow('bob', 'g:a')]));
      const newer = unreachedRow('alice', 'g:a', { seq: 2 ** 33, count: 0, timeMs: 1_800_000_000_000 });
      await store.apply(partition, batchAt(2, [newer]));
      await reopenIfPersistent();
      expect(await store.unreachedIn(app, 'alice', 'g:a')).toEqual(newer);
      expect(await store.unreachedIn(app, 'bob', 'g:a')).toEqual(unreachedRow('bob', 'g:a'));
      expect(await store.unreachedIn('other', 'alice', 'g:a')).toBeUndefined();
      expect(await store.checkpoint(partition)).toEqual(positionAt(3));
    });

    it('goes back neither with rows nor with the checkpoint when older batches are replayed', async () => {
      const older = batchAt(1, [unreachedRow('alice', 'g:a', { count: 1 })]);
      const newer = batchAt(2, [unreachedRow('alice', 'g:a', { count: 2, seq: 2 })]);
      await store.apply(partition, older);
      await store.apply(partition, newer);
      await store.apply(partition, older);
      await store.apply(partition, newer);
      expect((await store.unreachedIn(app, 'alice', 'g:a'))?.count).toBe(2);
      await reopenIfPersistent();
      await store.apply(partition, older);
      expect((await store.unreachedIn(app, 'alice', 'g:a'))?.count).toBe(2);
      expect(await store.checkpoint(partition)).toEqual(positionAt(3));
    });

    it('pages the rows of a user by conversation id', async () => {
      const conversations = ['u:a|alice', 'g:b', 'g:a.b', 'g:a', 'r:z'];
      const rows = conversations.map((conversation) => unreachedRow('alice', conversation));
      await store.apply(partition, batchAt(1, rows.slice(0, 3)));
      await reopenIfPersistent();
      await store.apply(partition, batchAt(2, [...rows.slice(2), unreachedRow('alice.b', 'g:c')]));
      const page = async (after?: string): Promise<readonly string[]> => {
        const found = await store.unreached(app, 'alice', { limit: 3, ...(after === undefined ? {} : { after }) });
        return found.map((row) => row.conversation);
      };
      expect(await page()).toEqual(['g:a', 'g:a.b', 'g:b']);
      expect(await page('g:b')).toEqual(['r:z', 'u:a|alice']);
      expect(await page('u:a|alice')).toEqual([]);
    });

    it('keeps a checkpoint per partition', async () => {
      await store.apply(0, batchAt(4, []));
      await store.apply(63, batchAt(9, []));
      await reopenIfPersistent();
      expect(await store.checkpoint(0)).toEqual(positionAt(5));
      expect(await store.checkpoint(63)).toEqual(positionAt(10));
    });
  });
}
