import { describe, expect, it } from '@jest/globals';
import { createDelivery, type Delivery, LinkClass, type LinkResponseInit } from '@parley/contracts/router';
import { decodeConversationEvent, encodeContent, encodeConversationEvent, Priority } from '@parley/wire';
import { createRouterEvents } from '../events.js';
import { CountingTelemetry } from '../testing/counting-telemetry.js';
import { SkippingClock } from '../testing/skipping-clock.js';
import type { LinkStream } from './link-buffer.js';
import { PeerLinks } from './peer-links.js';

const room = 'r:live';

/** A stream whose other side reads when the test says so. */
class SlowStream implements LinkStream {
  readonly sent: LinkResponseInit[] = [];
  readonly signal = new AbortController().signal;
  readonly incoming = (async function* () {})();
  #drained: (() => void)[] = [];
  #isReading = false;

  send(message: LinkResponseInit): boolean {
    this.sent.push(message);
    return this.#isReading;
  }

  drained(): Promise<void> {
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  end(): void {}

  async read(): Promise<void> {
    this.#isReading = true;
    for (const resolve of this.#drained.splice(0)) resolve();
    await new Promise(setImmediate);
  }

  get deliveries(): readonly (Delivery | undefined)[] {
    return this.sent.flatMap(({ deliveries = [] }) => deliveries.map(createDelivery));
  }
}

function link(): { clock: SkippingClock; links: PeerLinks; normal: SlowStream; urgent: SlowStream; telemetry: CountingTelemetry } {
  const [clock, telemetry, normal, urgent] = [new SkippingClock(), new CountingTelemetry(), new SlowStream(), new SlowStream()];
  const links = new PeerLinks('gateway', { clock, events: createRouterEvents(telemetry), touch: (each) => each.flush() });
  links.attach(LinkClass.NORMAL, normal);
  links.attach(LinkClass.URGENT, urgent);
  return { clock, links, normal, urgent, telemetry };
}

function bullet(priority: Priority, channels: readonly string[] = [room]): Delivery {
  const content = encodeContent({ kind: { type: 'bullet', value: { text: 'wow' } } });
  const event = encodeConversationEvent({ conversation: room, body: { type: 'content', value: content } });
  return createDelivery({ app: 'app', channels, conversation: room, priority, event });
}

/** Lets what waits for a link become old. */
function grow(clock: SkippingClock, links: PeerLinks, timesMs: readonly number[]): void {
  for (const ms of timesMs) {
    clock.skip(ms);
    links.flush();
  }
}

const dropsIn = (stream: SlowStream) =>
  stream.deliveries.flatMap((delivery) => {
    const body = delivery === undefined || delivery.event.length === 0 ? undefined : decodeConversationEvent(delivery.event).body;
    return body?.type === 'messagesDropped' ? [{ channels: delivery?.channels, counts: body.value.counts }] : [];
  });

describe('the links of a process that does not read', () => {
  it('drop transient messages, count them, and tell once a second when it reads again', async () => {
    const { clock, links, normal, telemetry } = link();
    links.deliver(bullet(Priority.LOW), false);
    links.flush();
    for (let i = 0; i < 3; i++) links.deliver(bullet(Priority.LOW), false);
    links.deliver(bullet(Priority.MEDIUM, ['user:ann', 'user:bob']), false);
    grow(clock, links, [20, 20, 100]);
    expect(telemetry.count('parley_router_shed_total', 'fanout', 'low')).toBe(3);
    expect(telemetry.count('parley_router_shed_total', 'fanout', 'medium')).toBe(1);
    clock.skip(1_000);
    links.deliver(bullet(Priority.LOW), false);
    grow(clock, links, [20, 20, 1_000]);
    expect(normal.sent).toHaveLength(1);
    await normal.read();
    clock.skip(1_000);
    expect(dropsIn(normal)).toEqual([
      { channels: [room], counts: [{ priority: Priority.LOW, count: 4 }] },
      { channels: ['user:ann'], counts: [{ priority: Priority.MEDIUM, count: 1 }] },
      { channels: ['user:bob'], counts: [{ priority: Priority.MEDIUM, count: 1 }] },
    ]);
    clock.skip(5_000);
    expect(dropsIn(normal)).toHaveLength(3);
  });

  it('keep everything on the urgent stream', async () => {
    const { clock, links, urgent, telemetry } = link();
    links.deliver(bullet(Priority.HIGH), true);
    links.flush();
    for (let i = 0; i < 3; i++) links.deliver(bullet(Priority.HIGH), true);
    grow(clock, links, [20, 20, 200, 200]);
    await urgent.read();
    expect(urgent.deliveries).toHaveLength(4);
    expect(telemetry.count('parley_router_shed_total', 'fanout', 'high')).toBe(0);
  });

  it('hand on the newest load of each lane', async () => {
    const { links, urgent } = link();
    links.tellLoads([{ priority: Priority.LOW, delayMs: 1 }]);
    links.flush();
    links.tellLoads([{ priority: Priority.LOW, delayMs: 2 }]);
    links.tellLoads([
      { priority: Priority.LOW, delayMs: 3 },
      { priority: Priority.MEDIUM, delayMs: 4 },
    ]);
    await urgent.read();
    expect(urgent.sent.map(({ loads }) => loads)).toEqual([
      [{ priority: Priority.LOW, delayMs: 1 }],
      [
        { priority: Priority.LOW, delayMs: 3 },
        { priority: Priority.MEDIUM, delayMs: 4 },
      ],
    ]);
  });
});
