import { describe, expect, it } from '@jest/globals';
import { eventBytes, Harness, tokenOf } from './harness.js';
import type { TestClient } from './test-client.js';

/** Sends login and sync in one message, as clients do that know what they want; answers with the sync's frame id. */
const loginAndSync = (client: TestClient, user: string, cursor = ''): number =>
  client.send({ type: 'login', value: { token: tokenOf(user), device: 'phone' } }, { type: 'sync', value: { cursor } });

const questionsOf = (harness: Harness, user: string): number => harness.history.lists.filter((list) => list.user === user).length;

/** Holds history's answers back until the returned function is called. */
function holdHistory({ history }: Harness): () => void {
  let open = (): void => undefined;
  history.gate = new Promise((resolve) => {
    open = resolve;
  });
  return () => open();
}

describe('a sync that comes with the login', () => {
  it('is answered with what history said about the memberships: it is asked once', async () => {
    await using harness = await Harness.start();
    harness.history.join('alice', 'u:alice|bob');
    const alice = await harness.client();
    expect(await alice.answer(loginAndSync(alice, 'alice'))).toMatchObject({
      type: 'syncResult',
      value: { conversations: [{ conversation: 'u:alice|bob', headSeq: 5 }], cursor: '1000:epoch-1', epoch: 'epoch-1' },
    });
    expect(questionsOf(harness, 'alice')).toBe(1);
  });

  it('is told only what has changed since its cursor, or everything if that is of another history', async () => {
    await using harness = await Harness.start();
    harness.history.join('alice', 'u:alice|bob');
    const [alice, again] = [await harness.client(), await harness.client()];
    expect(await alice.answer(loginAndSync(alice, 'alice', '2:epoch-1'))).toMatchObject({ value: { conversations: [] } });
    harness.history.join('carol', 'u:bob|carol');
    expect(await again.answer(loginAndSync(again, 'carol', '2:epoch-0'))).toMatchObject({
      value: { conversations: [{ conversation: 'u:bob|carol' }] },
    });
  });

  it('asks anew when a group has spoken while history was answering: nobody heard it', async () => {
    await using harness = await Harness.start();
    for (const user of ['alice', 'bob']) harness.history.join(user, 'g:team');
    await harness.member('bob');
    const open = holdHistory(harness);
    const alice = await harness.client();
    const sync = loginAndSync(alice, 'alice');
    await harness.history.until(() => questionsOf(harness, 'alice') === 1);
    harness.router.deliver({ channels: ['g:team'], conversation: 'g:team', seq: 6, event: eventBytes({ seq: 6 }) });
    harness.history.leave('alice', 'g:team');
    harness.history.join('alice', 'g:team', 6);
    open();
    expect(await alice.answer(sync)).toMatchObject({ value: { conversations: [{ headSeq: 6 }] } });
    expect(questionsOf(harness, 'alice')).toBe(2);
  });

  it('asks anew when it came after the question', async () => {
    await using harness = await Harness.start();
    const open = holdHistory(harness);
    const alice = await harness.client();
    await alice.login(tokenOf('alice'));
    await harness.history.until(() => questionsOf(harness, 'alice') === 1);
    const sync = alice.send({ type: 'sync', value: {} }, { type: 'ping', value: {} }) - 1;
    await alice.answer(sync + 1);
    harness.history.join('alice', 'u:alice|bob');
    open();
    expect(await alice.answer(sync)).toMatchObject({ value: { conversations: [{ conversation: 'u:alice|bob' }] } });
    expect(questionsOf(harness, 'alice')).toBe(2);
  });
});
