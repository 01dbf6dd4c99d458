import { describe, expect, it } from '@jest/globals';
import { encodeTimelineBatch, type TimelineEntryInit } from '@parley/contracts/events';
import type { AcceptedRecord } from '@parley/ownedlog';
import type { HistoryStore } from '@parley/store';
import { encodeContent, encodeConversationEvent, type MembershipChangeInit } from '@parley/wire';
import fc from 'fast-check';
import { LastWriteStore } from '../testing/last-write-store.js';
import { BatchBuilder } from './batch-builder.js';
import { createProjectionCache } from './projection-cache.js';
import { StagedRows } from './staged-rows.js';

const app = 'app';
const users = ['ann', 'bob', 'eve'];
const conversations = ['r:hall', 'r:yard', 'g:team'];

type Step =
  | { readonly type: 'message' | 'close'; readonly conversation: string }
  | { readonly type: 'join' | 'leave'; readonly conversation: string; readonly users: readonly string[] };

const conversation = fc.constantFrom(...conversations);
const someUsers = fc.subarray(users, { minLength: 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('message' as const), conversation }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('join' as const), conversation, users: someUsers }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('leave' as const), conversation, users: someUsers }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('close' as const), conversation }) },
);

/** One attempt at projecting what is left: how much per batch, after how many writes it fails, how far its checkpoint is lost. */
const attempt = fc.record({ batch: fc.integer({ min: 1, max: 9 }), writes: fc.nat(60), lost: fc.nat(3) });

const content = encodeContent({ kind: { type: 'text', value: { text: 'x' } } });

/** The timeline of these steps, a record each. */
function timelineOf(steps: readonly Step[]): readonly AcceptedRecord[] {
  const seqs = new Map<string, number>();
  const versions = new Map<string, number>();
  return steps.map((each, offset) => {
    const isStored = each.type === 'message' || each.conversation.startsWith('g:');
    const head = (seqs.get(each.conversation) ?? 0) + (isStored ? 1 : 0);
    seqs.set(each.conversation, head);
    const version = (versions.get(each.conversation) ?? 0) + 1;
    if (each.type !== 'message') versions.set(each.conversation, version);
    const base = { conversation: each.conversation, seq: isStored ? head : 0, timeMs: 1_000 + offset };
    const body =
      each.type === 'message'
        ? ({ type: 'content', value: content } as const)
        : ({ type: 'membership', value: changeOf(each, version) } as const);
    const rules: TimelineEntryInit = each.type === 'join' ? { speaking: { allMutedUntilMs: version }, historyAccess: 1 } : {};
    const entry = { app, event: encodeConversationEvent({ ...base, body }), countable: head, ...rules };
    return {
      offset,
      fence: 0,
      index: offset + 1,
      timeMs: base.timeMs,
      payload: encodeTimelineBatch({ entries: [entry] }),
      key: '',
      positions: new Map(),
    };
  });
}

function changeOf(each: Exclude<Step, { type: 'message' }>, version: number): MembershipChangeInit {
  if (each.type === 'join') return { joined: each.users, version };
  return each.type === 'leave' ? { left: each.users, version } : { closed: true, version };
}

/** Projects from the store's checkpoint on; rejects when the store fails. */
async function project(store: HistoryStore, timeline: readonly AcceptedRecord[], batchSize: number): Promise<void> {
  const cache = createProjectionCache();
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

async function everythingIn(store: HistoryStore) {
  const ofConversation = async (id: string) => ({
    row: await store.conversation(app, id),
    members: await store.members(app, id, { limit: 99 }),
    events: (await store.events(app, id, { from: 0, limit: 999, backwards: false })).map(({ seq }) => seq),
  });
  return {
    conversations: await Promise.all(conversations.map(ofConversation)),
    lists: await Promise.all(users.map((user) => store.conversationsOf(app, user, { limit: 99 }))),
  };
}

describe('projecting into a store without transactions', () => {
  it(
    'leads to the same rows, wherever it is cut off and however far it is replayed',
    () =>
      fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.array(attempt, { maxLength: 6 }), async (steps, attempts) => {
          const timeline = timelineOf(steps);
          const clean = new LastWriteStore();
          await project(clean, timeline, timeline.length + 1);
          const store = new LastWriteStore();
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
        }),
        { numRuns: 1_000 },
      ),
    60_000,
  );
});
