import { describe, expect, it } from '@jest/globals';
import { createRelation, createSpeakingRules, createUserProfile, encodeConversationEvent } from '@parley/wire';
import { emptyHistory } from '../testing/router-fixture.js';
import { Batch } from './batch.js';
import { Conversations } from './conversations.js';

const nobody = { answer: () => {}, publish: () => {}, shed: () => {} };

describe('a batch', () => {
  it('counts all that its record will hold, so that a round ends before a log would refuse it', async () => {
    const state = await new Conversations(emptyHistory, 10).load('app', 'r:live');
    const event = encodeConversationEvent({ conversation: 'r:live', messageId: 'x' });
    const banned = Array.from({ length: 1_000 }, (_, i) => ({ user: `user-${i}`, untilMs: 1_700_000_000_000 }));
    const entries = [
      {},
      { app: 'a'.repeat(64), trace: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
      { speaking: createSpeakingRules({ banned }) },
      { profile: createUserProfile({ extension: 'e'.repeat(4_096) }) },
      { relation: createRelation({ a: { user: 'ann', alias: 'n'.repeat(256) } }) },
    ];
    for (const entry of entries) {
      const batch = new Batch(nobody);
      batch.store({ app: 'app', event, countable: 1_000_000, bodyHash: 2 ** 52, ...entry }, { state, seq: 0 }, []);
      expect(batch.bytes).toBeGreaterThanOrEqual(batch.payload.length - 8);
    }
  });
});
