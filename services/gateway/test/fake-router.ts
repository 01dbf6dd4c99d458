import type { LaneCommandInit } from '@parley/contracts/events';
import { createDelivery, createOutcome, type DeliveryInit, LinkClass, type OutcomeInit } from '@parley/contracts/router';
import type { Lane } from '@parley/lanes';
import type { RouterClient, RouterClientEvents } from '@parley/router-client';

/** A router that does what the test says. Subscriptions become active by themselves unless told otherwise. */
export class FakeRouter implements RouterClient {
  readonly peer = 'gateway-1';
  readonly submitted: { lane: Lane; command: LaneCommandInit }[] = [];
  /** `app/channel` to whether a session is connected. */
  readonly subscriptions = new Map<string, boolean>();
  readonly presence: string[] = [];
  activatesByItself = true;
  /** How long the lanes wait, as routers tell it. */
  readonly delaysMs = new Map<Lane, number>();
  readonly #events: RouterClientEvents;
  readonly #waiters = new Set<() => void>();

  constructor(events: RouterClientEvents) {
    this.#events = events;
  }

  submit(lane: Lane, command: LaneCommandInit): void {
    this.submitted.push({ lane, command });
    this.#changed();
  }

  queueingDelayMs(lane: Lane): number {
    return this.delaysMs.get(lane) ?? 0;
  }

  subscribe(app: string, channel: string, isConnected: boolean): void {
    const key = `${app}/${channel}`;
    const isNew = !this.subscriptions.has(key);
    if (this.subscriptions.get(key) !== isConnected) this.presence.push(`${channel}=${isConnected}`);
    this.subscriptions.set(key, isConnected);
    if (isNew && this.activatesByItself) setImmediate(() => this.activate(channel));
    this.#changed();
  }

  unsubscribe(app: string, channel: string): void {
    this.subscriptions.delete(`${app}/${channel}`);
    this.#changed();
  }

  activate(channel: string, isFirst = true, headSeq = 0): void {
    this.#events.subscribed('app', channel, headSeq, isFirst);
  }

  deliver(delivery: DeliveryInit, linkClass: LinkClass = LinkClass.URGENT): void {
    this.#events.delivery(createDelivery({ app: 'app', ...delivery }), linkClass);
  }

  /** A delivery with a membership change, as routers send it: on both classes. */
  control(delivery: DeliveryInit): void {
    this.deliver(delivery, LinkClass.URGENT);
    this.deliver({ ...delivery, event: new Uint8Array(0) }, LinkClass.NORMAL);
  }

  outcome(outcome: OutcomeInit): void {
    this.#events.outcome(createOutcome(outcome));
  }

  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!condition()) return;
        this.#waiters.delete(check);
        resolve();
      };
      this.#waiters.add(check);
      check();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #changed(): void {
    for (const check of [...this.#waiters]) check();
  }
}
