import { describe, expect, it } from '@jest/globals';
import { encodeTimelineBatch } from '@parley/contracts/events';
import { seededRandom, systemClock } from '@parley/kernel';
import { createMemoryHistoryStore, type HistoryStore } from '@parley/store';
import { type ConversationEventInit, encodeConversationEvent } from '@parley/wire';
import { overriddenStore } from '../testing/overridden-store.js';
import { BatchBuilder } from './batch-builder.js';
import { createProjectionCache } from './projection-cache.js';
import { StagedRows } from './staged-rows.js';

const conversation = 'g:team';
const users = Array.from({ length: 20 }, (_, i) => `user-${i}`);

/** A store far away: it answers in rounds, and counts them. */
function farStore() {
  const near = createMemoryHistoryStore({ clock: systemClock, random: seededRandom(2) });
  const far = { rounds: 0 };
  let round: Promise<void> | undefined;
  const nextRound = (): Promise<void> => {
    round ??= new Promise((resolve) => {
      setImmediate(() => {
        far.rounds++;
        round = undefined;
        resolve();
      });
    });
    return round;
  };
  const detail: HistoryStore['detail'] = async (key) => {
    await nextRound();
    return near.detail(key);
  };
  return { far, store: overriddenStore(near, { detail }) };
}

/** Projects events of one record. */
async function project(store: HistoryStore, events: readonly ConversationEventInit[]): Promise<void> {
  const entries = events.map((event) => ({
    app: 'app',
    event: encodeConversationEvent({ conversation, timeMs: 1, ...event }),
    countable: event.seq ?? 0,
  }));
  const payload = encodeTimelineBatch({ entries });
  const record = { offset: 1, fence: 0, index: 1, timeMs: 1, payload, key: '', positions: new Map() };
  await new BatchBuilder(0, store, new StagedRows(store, createProjectionCache(1))).add([record]);
}

const says: readonly ConversationEventInit[] = users.map((sender, i) => ({
  ...{ seq: i + 2, sender },
  body: { type: 'content', value: new Uint8Array(1) },
}));

describe('a store far away', () => {
  it('is asked once for a conversation, however many events of a batch are in it', async () => {
    const near = createMemoryHistoryStore({ clock: systemClock, random: seededRandom(2) });
    let asked = 0;
    const count: HistoryStore['conversation'] = (...of) => {
      asked++;
      return near.conversation(...of);
    };
    await project(overriddenStore(near, { conversation: count }), says);
    expect(asked).toBe(1);
  });

  it.each<[string, readonly ConversationEventInit[], number]>([
    ['cursors', users.map((user) => ({ sender: user, body: { type: 'cursor', value: { user, readSeq: 1 } } })), 1],
    ['messages', says, 1],
    ['reactions', users.map((sender, i) => ({ seq: i + 2, sender, body: { type: 'reaction', value: { seq: 1, reaction: '+' } } })), 2],
  ])('is asked at once for what a batch of %s is about', async (_, events, rounds) => {
    const { far, store } = farStore();
    await project(store, events);
    expect(far.rounds).toBe(rounds);
  });
});
