import { describe, expect, it } from '@jest/globals';
import { createDelivery, type Delivery, type DeliveryInit, RouterService } from '@parley/contracts/router';
import { type Clock, ParleyError, seededRandom, systemClock } from '@parley/kernel';
import { createInProcessRpc, createMemoryDirectory, type InProcessRpc, type OwnerDirectory } from '@parley/rpc';
import { encodeContent, encodeConversationEvent, Priority } from '@parley/wire';
import { createRouterEvents } from '../events.js';
import { routerLimits } from '../limits.js';
import { CountingTelemetry } from '../testing/counting-telemetry.js';
import { Relays } from './relays.js';

const unused = (): never => {
  throw new ParleyError('UNSUPPORTED');
};

/** Does not let anybody wait. */
const clock: Clock = { ...systemClock, setTimer: (_delayMs, action) => systemClock.setTimer(0, action) };
const bob = 'user:bob';

const stored = (seq: number): Delivery => delivery({ seq, event: encodeConversationEvent({ conversation: 'u:ann|bob', seq }) });
const bullet = (): Delivery =>
  delivery({
    event: encodeConversationEvent({
      conversation: 'u:ann|bob',
      body: { type: 'content', value: encodeContent({ kind: { type: 'bullet', value: { text: 'wow' } } }) },
    }),
  });
const delivery = (init: DeliveryInit): Delivery =>
  createDelivery({ app: 'app', channels: [bob], conversation: 'u:ann|bob', priority: Priority.MEDIUM, ...init });

/** A router that confirms what it gets, but for the first streams: those break once something has come. */
function receiver(rpc: InProcessRpc, address: string, breaking: number, onBreak: () => void = () => {}) {
  const received: number[] = [];
  let streams = 0;
  let changed = (): void => {};
  rpc.server(address).serve(RouterService, {
    link: unused,
    sendMessage: unused,
    queryPresence: unused,
    act: unused,
    notify: unused,
    importMessages: unused,
    relay: async (stream) => {
      const isBreaking = ++streams <= breaking;
      let count = 0;
      for await (const { deliveries } of stream.incoming) {
        if (deliveries.length === 0) continue;
        if (isBreaking) {
          onBreak();
          return;
        }
        received.push(...deliveries.map(({ seq }) => seq));
        count += deliveries.length;
        stream.send({ received: count });
        changed();
      }
    },
  });
  const until = async (length: number): Promise<readonly number[]> => {
    while (received.length < length) {
      await new Promise<void>((resolve) => {
        changed = resolve;
      });
    }
    return received;
  };
  return { until };
}

async function open(): Promise<{ rpc: InProcessRpc; directory: OwnerDirectory; relays: Relays; own: (address: string) => Promise<void> }> {
  const rpc = createInProcessRpc();
  const directory = createMemoryDirectory();
  let fence = 0;
  const own = (address: string): Promise<void> =>
    directory.publish({ service: 'router', partition: 0, fence: ++fence, address, peer: address });
  const relays = new Relays({
    ...{ peer: 'a', address: 'a', partitions: 1, directory, dialer: rpc.dialer, clock, random: seededRandom(1) },
    isOwned: () => false,
    events: createRouterEvents(new CountingTelemetry()),
  });
  return { rpc, directory, relays, own };
}

describe('what another router has not confirmed when its stream breaks', () => {
  it('is handed to it again while it owns the channel: nobody else would notice that something is missing', async () => {
    const { rpc, relays, own } = await open();
    const { until } = receiver(rpc, 'b', 2);
    await own('b');
    for (const seq of [1, 2, 3]) relays.send('app', bob, stored(seq));
    expect(await until(3)).toEqual([1, 2, 3]);
    relays.close();
  });

  it('is not, where it is transient', async () => {
    const { rpc, relays, own } = await open();
    const { until } = receiver(rpc, 'b', 1);
    await own('b');
    for (const each of [bullet(), stored(1), bullet()]) relays.send('app', bob, each);
    await until(1);
    relays.send('app', bob, stored(2));
    expect(await until(2)).toEqual([1, 2]);
    relays.close();
  });

  it('goes to the owner of the channel that is known by then', async () => {
    const { rpc, relays, own } = await open();
    receiver(rpc, 'b', 1, () => void own('c'));
    const { until } = receiver(rpc, 'c', 0);
    await own('b');
    for (const seq of [1, 2]) relays.send('app', bob, stored(seq));
    expect(await until(2)).toEqual([1, 2]);
    relays.close();
  });
});

describe('more than may wait for another router', () => {
  it('is given up, and what comes then is handed over', async () => {
    const { rpc, relays, own } = await open();
    const { until } = receiver(rpc, 'b', 0);
    await own('b');
    for (let seq = 1; seq <= routerLimits.relayDeliveriesMax + 1; seq++) relays.send('app', bob, stored(1));
    relays.send('app', bob, stored(2));
    expect(await until(1)).toEqual([2]);
    relays.close();
  });
});
