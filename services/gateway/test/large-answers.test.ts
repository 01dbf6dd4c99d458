import { describe, expect, it } from '@jest/globals';
import { eventBytes, Harness } from './harness.js';

const conversation = 'u:alice|bob';
const ask = { type: 'queryHistory', value: { conversation, limit: 100 } } as const;

describe('large answers', () => {
  it('that come faster than the network takes them wait for each other or are to be asked for again, and never end the connection', async () => {
    await using harness = await Harness.start();
    // Together far more than the network takes at once.
    harness.history.page = eventBytes({ conversation, seq: 1, body: { type: 'content', value: new Uint8Array(2_000_000) } });
    const alice = await harness.member('alice');
    let open = (): void => {};
    harness.history.gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const last = alice.send(...Array(12).fill(ask));
    await alice.ask({ type: 'ping', value: {} });
    alice.socket.pause();
    open();
    // Whatever can be written has been when this is answered to another one.
    const bob = await harness.member('bob');
    await bob.ask({ type: 'ping', value: {} });
    alice.socket.resume();
    const answers: string[] = [];
    for (let id = last - 11; id <= last; id++) {
      const answer = await alice.answer(id);
      answers.push(answer.type === 'error' ? `${answer.value.name} ${answer.value.retryAfterMs}` : answer.type);
    }
    expect(new Set(answers)).toEqual(new Set(['historyPage', 'OVERLOADED 1000']));
    harness.history.page = undefined;
    expect(await alice.ask(ask)).toMatchObject({ type: 'historyPage', value: { headSeq: 9 } });
  });
});
