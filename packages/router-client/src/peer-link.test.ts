import { describe, expect, it } from '@jest/globals';
import { encodeLinkRequest, type LinkRequest, LinkClass, RouterService } from '@parley/contracts/router';
import { ParleyError } from '@parley/kernel';
import { createInProcessRpc, rpcLimits } from '@parley/rpc';
import { PeerLink } from './peer-link.js';

const unused = (): never => {
  throw new ParleyError('UNSUPPORTED');
};

/** A link to a router that greets, and everything that is asked for on its urgent stream. */
async function openLink(): Promise<{ link: PeerLink; nextRequest: () => Promise<LinkRequest> }> {
  const rpc = createInProcessRpc();
  const requests: LinkRequest[] = [];
  let wake = (): void => undefined;
  rpc.server('router').serve(RouterService, {
    link: async (stream) => {
      let isUrgent = false;
      for await (const request of stream.incoming) {
        if (request.hello !== undefined) {
          isUrgent = request.hello.linkClass === LinkClass.URGENT;
          stream.send({});
        } else if (isUrgent) {
          requests.push(request);
          wake();
        }
      }
    },
    relay: unused,
    sendMessage: unused,
    queryPresence: unused,
    act: unused,
    notify: unused,
    importMessages: unused,
  });
  const nextRequest = async (): Promise<LinkRequest> => {
    for (;;) {
      const request = requests.shift();
      if (request !== undefined) return request;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const link = await new Promise<PeerLink>((opened) => {
    const events = { opened, received: () => undefined, closed: () => undefined };
    new PeerLink({ dialer: rpc.dialer, address: 'router', peer: 'me', events });
  });
  return { link, nextRequest };
}

describe('a link', () => {
  it('asks for everything of one tick at once', async () => {
    const { link, nextRequest } = await openLink();
    link.subscribe({ app: 'app', channel: 'g:a', isConnected: false });
    link.subscribe({ app: 'app', channel: 'user:u', isConnected: true });
    link.unsubscribe('app', 'g:b');
    expect(await nextRequest()).toMatchObject({
      subscribe: [
        { channel: 'g:a', isConnected: false },
        { channel: 'user:u', isConnected: true },
      ],
      unsubscribe: [{ channel: 'g:b' }],
    });
    link.close();
  });

  it('asks for the last wish only, for each channel of each app', async () => {
    const { link, nextRequest } = await openLink();
    link.subscribe({ app: 'app', channel: 'g:left', isConnected: false });
    link.unsubscribe('app', 'g:left');
    link.unsubscribe('app', 'g:kept');
    link.subscribe({ app: 'app', channel: 'g:kept', isConnected: false });
    link.subscribe({ app: 'app', channel: 'user:u', isConnected: true });
    link.subscribe({ app: 'app', channel: 'user:u', isConnected: false });
    link.unsubscribe('other', 'g:kept');
    expect(await nextRequest()).toMatchObject({
      subscribe: [{ channel: 'g:kept' }, { channel: 'user:u', isConnected: false }],
      unsubscribe: [
        { app: 'app', channel: 'g:left' },
        { app: 'other', channel: 'g:kept' },
      ],
    });
    link.close();
  });

  it('asks for as many channels as a gateway has, in requests that can be carried', async () => {
    const { link, nextRequest } = await openLink();
    const count = 30_000;
    for (let i = 0; i < count; i++)
      link.subscribe({ app: 'a'.repeat(64), channel: `user:${'u'.repeat(26)}${100_000 + i}`, isConnected: true });
    const channels = new Set<string>();
    while (channels.size < count) {
      const request = await nextRequest();
      expect(encodeLinkRequest(request).length).toBeLessThan(rpcLimits.messageBytesMax / 2);
      for (const { channel } of request.subscribe) channels.add(channel);
    }
    link.close();
  });

  it('starts anew in the next tick', async () => {
    const { link, nextRequest } = await openLink();
    link.subscribe({ app: 'app', channel: 'g:a', isConnected: false });
    expect(await nextRequest()).toMatchObject({ subscribe: [{ channel: 'g:a' }], unsubscribe: [] });
    link.unsubscribe('app', 'g:a');
    expect(await nextRequest()).toMatchObject({ subscribe: [], unsubscribe: [{ channel: 'g:a' }] });
    link.close();
  });
});
