import { describe, expect, it } from '@jest/globals';
import { ParleyError, seededRandom, systemClock } from '@parley/kernel';
import { EchoService } from './contract/index.js';
import { createInProcessRpc } from './in-process.js';
import { createMemoryDirectory } from './memory-directory.js';
import type { Owner } from './owner-directory.js';
import type { ServiceHandlers } from './port.js';
import { createRoutedClient } from './routed-client.js';

type Say = ServiceHandlers<typeof EchoService>['say'];

const ownerAt = (address: string, fence: number, partition = 3): Owner => ({
  service: 'echo',
  partition,
  fence,
  address,
  peer: `peer-of-${address}`,
});

function arrange(partitionOf: () => number | undefined = () => 3) {
  const rpc = createInProcessRpc();
  const directory = createMemoryDirectory();
  const client = createRoutedClient({
    service: EchoService,
    serviceName: 'echo',
    dialer: rpc.dialer,
    directory,
    partitionOf,
    clock: systemClock,
    random: seededRandom(1),
  });
  const serve = (address: string, say: Say): void => rpc.server(address).serve(EchoService, { say, chat: async () => {} });
  return { directory, client, serve };
}

const refuse =
  (error: ParleyError): Say =>
  async () => {
    throw error;
  };

describe('a routed client', () => {
  it('calls the owner of the partition', async () => {
    const { directory, client, serve } = arrange();
    serve('a', async () => ({ text: 'a' }));
    serve('b', async () => ({ text: 'b' }));
    await directory.publish(ownerAt('a', 1, 2));
    await directory.publish(ownerAt('b', 1));
    expect((await client.say({})).text).toBe('b');
  });

  it('waits for an owner to be published', async () => {
    const { directory, client, serve } = arrange();
    serve('a', async () => ({ text: 'a' }));
    const answer = client.say({});
    await directory.publish(ownerAt('a', 1));
    expect((await answer).text).toBe('a');
  });

  it('follows a change of owner after NOT_OWNER', async () => {
    const { directory, client, serve } = arrange();
    serve('old', async () => {
      await directory.publish(ownerAt('new', 2));
      throw new ParleyError('NOT_OWNER');
    });
    serve('new', async () => ({ text: 'new' }));
    await directory.publish(ownerAt('old', 1));
    expect((await client.say({})).text).toBe('new');
  });

  it('tries an owner again that was not reachable', async () => {
    const { directory, client, serve } = arrange();
    await directory.publish(ownerAt('late', 1));
    const answer = client.say({});
    await Promise.resolve();
    serve('late', async () => ({ text: 'late' }));
    expect((await answer).text).toBe('late');
  });

  it('tries an owner again that has just started and does not serve yet', async () => {
    const { directory, client, serve } = arrange();
    let calls = 0;
    serve('early', async () => {
      if (++calls === 1) throw new ParleyError('UNSUPPORTED');
      return { text: 'early' };
    });
    await directory.publish(ownerAt('early', 1));
    expect((await client.say({})).text).toBe('early');
  });

  it('gives refusals and unknown outcomes to the caller at once', async () => {
    const { directory, client, serve } = arrange();
    let calls = 0;
    serve('a', async (request) => {
      calls++;
      throw new ParleyError(request.text === 'slow' ? 'TIMEOUT' : 'GROUP_FULL');
    });
    await directory.publish(ownerAt('a', 1));
    await expect(client.say({})).rejects.toMatchObject({ error: 'GROUP_FULL' });
    await expect(client.say({ text: 'slow' })).rejects.toMatchObject({ error: 'TIMEOUT' });
    expect(calls).toBe(2);
  });

  it.each(['NOT_OWNER', 'UNSUPPORTED'] as const)('gives up within the timeout and shows %s as UNAVAILABLE', async (error) => {
    const { directory, client, serve } = arrange();
    serve('a', refuse(new ParleyError(error)));
    await directory.publish(ownerAt('a', 1));
    await expect(client.say({}, { timeoutMs: 60 })).rejects.toMatchObject({ error: 'UNAVAILABLE' });
    const { client: lonely } = arrange();
    await expect(lonely.say({}, { timeoutMs: 30 })).rejects.toMatchObject({ error: 'UNAVAILABLE' });
  });

  it('stops trying when the caller gives up', async () => {
    const { client } = arrange();
    const caller = new AbortController();
    const failure = expect(client.say({}, { signal: caller.signal })).rejects.toMatchObject({ error: 'TIMEOUT' });
    caller.abort();
    await failure;
  });

  it('asks any process when the request has no partition', async () => {
    const { directory, client, serve } = arrange(() => undefined);
    for (const address of ['a', 'b']) serve(address, async () => ({ text: address }));
    await directory.publish(ownerAt('a', 0, 1));
    await directory.publish(ownerAt('b', 0, 2));
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.say({})));
    expect(new Set(answers.map((answer) => answer.text))).toEqual(new Set(['a', 'b']));
  });
});

describe('a directory', () => {
  it('does not let an older owner replace a newer one', async () => {
    const { directory } = arrange();
    await directory.publish(ownerAt('new', 5));
    await directory.publish(ownerAt('zombie', 4));
    expect(directory.ownerOf('echo', 3)?.address).toBe('new');
  });

  it('names each process once', async () => {
    const { directory } = arrange();
    for (const partition of [1, 2, 3]) await directory.publish(ownerAt('a', 1, partition));
    expect(directory.peersOf('echo').map((owner) => owner.peer)).toEqual(['peer-of-a']);
    expect(directory.peersOf('other')).toEqual([]);
  });

  it('tells of changes, once each, until told to stop', async () => {
    const { directory } = arrange();
    const seen: string[] = [];
    const stop = directory.onChange((owner) => seen.push(owner.address));
    await directory.publish(ownerAt('a', 1));
    await directory.publish(ownerAt('a', 1));
    stop();
    await directory.publish(ownerAt('b', 2));
    expect(seen).toEqual(['a']);
  });
});
