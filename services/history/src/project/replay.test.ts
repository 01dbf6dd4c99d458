import { describe, expect, it } from '@jest/globals';
import type { AcceptedRecord } from '@parley/ownedlog';
import type { HistoryStore } from '@parley/store';
import fc from 'fast-check';
import { blockMarkKey, blockSpacePrefix } from '../rows/detail-keys.js';
import { LastWriteStore } from '../testing/last-write-store.js';
import { app, conversations, type Step, stepsOf, timelineOf, users } from '../testing/random-timeline.js';
import { BatchBuilder } from './batch-builder.js';
import { createProjectionCache } from './projection-cache.js';
import { StagedRows } from './staged-rows.js';

interface Attempt {
  readonly batch: number;
  readonly writes: number;
  readonly lost: number;
}

/** One attempt at projecting what is left: how much per batch, after how many writes it fails, how far its checkpoint is lost. */
const attempt: fc.Arbitrary<Attempt> = fc.record({ batch: fc.integer({ min: 1, max: 9 }), writes: fc.nat(60), lost: fc.nat(3) });

/** Projects from the store's checkpoint on; rejects when the store fails. */
async function project(store: HistoryStore, timeline: readonly AcceptedRecord[], batchSize: number): Promise<void> {
  const cache = createProjectionCache(1);
  for (let at = (await store.checkpoint(0))?.position.offset ?? 0; at < timeline.length; at += batchSize) {
    const records = timeline.slice(at, at + batchSize);
    const staged = new StagedRows(store, cache);
    const builder = new BatchBuilder(0, store, staged);
    await builder.add(records);
    const position = { offset: at + records.length, fence: 0, index: at + records.length };
    const checkpoint = { position, tail: position, timeMs: 0 };
    await store.apply(0, { offset: position.offset - 1, sends: builder.sends, ...staged.changes(), checkpoint });
    staged.keep();
  }
}

async function everythingIn(store: LastWriteStore) {
  const ofConversation = async (id: string) => ({
    row: await store.conversation(app, id),
    members: await store.members(app, id, { limit: 99 }),
    events: await store.events(app, id, { from: 0, limit: 999, backwards: false }),
  });
  return {
    conversations: await Promise.all(conversations.map(ofConversation)),
    lists: await Promise.all(users.map((user) => store.conversationsOf(app, user))),
    // How far a block is true may be noted too low, where a batch was cut off before its mark.
    details: store.everyDetail().filter(({ space, key }) => !space.startsWith(blockSpacePrefix) || key !== blockMarkKey),
  };
}

/** However the store is cut off on the way, it ends with the rows of one that never was. */
async function expectSameRows(all: readonly Step[], attempts: readonly Attempt[], rowsAtOnce?: number): Promise<void> {
  const timeline = timelineOf(all);
  const [clean, store] = [new LastWriteStore(), new LastWriteStore(rowsAtOnce)];
  await project(clean, timeline, 1);
  for (const { batch, writes, lost } of attempts) {
    store.writesLeft = writes;
    await project(store, timeline, batch).catch(() => {});
    store.writesLeft = Number.POSITIVE_INFINITY;
    const offset = Math.max(0, ((await store.checkpoint())?.position.offset ?? 0) - lost * batch);
    const position = { offset, fence: 0, index: offset };
    store.forgetCheckpoint({ position, tail: position, timeMs: 0 });
  }
  await project(store, timeline, 3);
  expect(await everythingIn(store)).toEqual(await everythingIn(clean));
}

describe('projecting into a store without transactions', () => {
  it.each([
    ['everything', stepsOf(), 80],
    ['reactions that come and go', stepsOf(['message', 'react', 'react', 'react', 'react', 'recall'], ['u:ann|bob']), 50],
    ['rooms and groups', stepsOf(['message', 'join', 'leave', 'close', 'rename'], ['r:hall', 'g:team']), 60],
  ])('leads to the same rows, wherever it is cut off and however far it is replayed: %s', (_, some, numRuns) =>
    fc.assert(
      fc.asyncProperty(some, fc.array(attempt, { maxLength: 6 }), (all, attempts) => expectSameRows(all, attempts)),
      { numRuns },
    ));

  it('leads to the same reactions where the rows of a block are too many to be written at once', () =>
    fc.assert(
      fc.asyncProperty(
        stepsOf(['message', 'react', 'react', 'react', 'react', 'recall'], ['u:ann|bob']),
        fc.array(attempt, { maxLength: 6 }),
        (all, attempts) => expectSameRows(all, attempts, 1),
      ),
      { numRuns: 80 },
    ));
});
