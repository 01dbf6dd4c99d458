import type { LaneCommandInit } from '@parley/contracts/events';
import { createOutcome, type LaneLoad, type LinkClass, type LinkResponse, type Subscribed } from '@parley/contracts/router';
import type { EventLog } from '@parley/eventlog';
import { backoffMs, type CancelTimer, type Clock, type ErrorName, errorTable, partitionOf, type Random } from '@parley/kernel';
import { type Lane, laneOf, perLane } from '@parley/lanes';
import type { OwnerDirectory, RpcDialer } from '@parley/rpc';
import type { Telemetry } from '@parley/telemetry';
import type { RouterClient, RouterClientEvents } from './api.js';
import { createLaneWriter, type LaneWriter } from './lane-writer.js';
import { linkLimits } from './limits.js';
import { PeerLink, type PeerLinkEvents } from './peer-link.js';
import { type Subscription, SubscriptionTable } from './subscriptions.js';

export interface RouterClientDeps {
  readonly log: EventLog;
  readonly dialer: RpcDialer;
  readonly directory: OwnerDirectory;
  readonly partitions: number;
  /** Id of this process, unique among all that are linked to routers. */
  readonly peer: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
}

/** What stands between attempts to reach one router. */
interface Attempt {
  link: PeerLink | undefined;
  failures: number;
  cancelRetry: (() => void) | undefined;
  /** How long lanes wait there, as the router told last over the present link. */
  readonly delaysMs: Record<Lane, number>;
}

/** Keeps a link to every router that the directory knows and each subscription on the link of its owner. */
export function createRouterClient(deps: RouterClientDeps, events: RouterClientEvents): RouterClient {
  return new LinkedRouterClient(deps, events);
}

class LinkedRouterClient implements RouterClient {
  readonly peer: string;
  readonly #deps: RouterClientDeps;
  readonly #events: RouterClientEvents;
  readonly #table: SubscriptionTable;
  readonly #writer: LaneWriter;
  readonly #routers = new Map<string, Attempt>();
  readonly #timers = new Set<CancelTimer>();
  readonly #stopWatching: () => void;
  #isClosed = false;

  constructor(deps: RouterClientDeps, events: RouterClientEvents) {
    this.peer = deps.peer;
    this.#deps = deps;
    this.#events = events;
    this.#table = new SubscriptionTable(deps.partitions);
    const onFailed = (command: LaneCommandInit, error: ErrorName): void => this.#fail(command, error);
    this.#writer = createLaneWriter({ log: deps.log, partitions: deps.partitions, clock: deps.clock, onFailed });
    this.#stopWatching = deps.directory.onChange((owner) => {
      if (owner.service !== 'router' || this.#isClosed) return;
      this.#connect(owner.address);
      for (const subscription of this.#table.inPartition(owner.partition)) this.#announce(subscription);
    });
    for (const owner of deps.directory.peersOf('router')) this.#connect(owner.address);
  }

  submit(lane: Lane, command: LaneCommandInit): void {
    this.#writer.submit(lane, command);
  }

  subscribe(app: string, channel: string, isConnected: boolean): void {
    const known = this.#table.get(app, channel);
    if (known === undefined) {
      this.#announce(this.#table.add(app, channel, isConnected));
      return;
    }
    if (known.isConnected === isConnected) return;
    known.isConnected = isConnected;
    known.link?.subscribe({ app, channel, isConnected });
  }

  unsubscribe(app: string, channel: string): void {
    const known = this.#table.get(app, channel);
    if (known === undefined) return;
    this.#table.remove(known);
    known.link?.unsubscribe(app, channel);
  }

  queueingDelayMs(lane: Lane, app: string, conversation: string): number {
    const partition = partitionOf(app, conversation, this.#deps.partitions);
    const owner = this.#deps.directory.ownerOf('router', partition);
    const toldMs = owner === undefined ? 0 : (this.#routers.get(owner.address)?.delaysMs[lane] ?? 0);
    return Math.max(toldMs, this.#writer.delayMs(lane, partition));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#stopWatching();
    for (const cancel of this.#timers) cancel();
    for (const attempt of this.#routers.values()) {
      attempt.cancelRetry?.();
      attempt.link?.close();
    }
    await this.#writer.flushed();
  }

  #fail(command: LaneCommandInit, error: ErrorName): void {
    if (command.origin === undefined) return;
    const { connection, request } = command.origin;
    this.#events.outcome(createOutcome({ connection, request, error: errorTable[error].code }));
  }

  #connect(address: string): void {
    const attempt = this.#routers.get(address) ?? { link: undefined, failures: 0, cancelRetry: undefined, delaysMs: perLane(() => 0) };
    this.#routers.set(address, attempt);
    if (this.#isClosed || attempt.link !== undefined || attempt.cancelRetry !== undefined) return;
    const events: PeerLinkEvents = {
      opened: (link) => this.#opened(link),
      received: (link, response, linkClass) => this.#received(link, response, linkClass),
      closed: (link) => this.#closed(link),
    };
    attempt.link = new PeerLink({ dialer: this.#deps.dialer, address, peer: this.peer, events });
  }

  #opened(link: PeerLink): void {
    const attempt = this.#routers.get(link.address);
    if (attempt !== undefined) attempt.failures = 0;
    for (const subscription of this.#table.all()) this.#announce(subscription);
  }

  #closed(link: PeerLink): void {
    for (const subscription of this.#table.all()) if (subscription.link === link) interrupt(subscription);
    const attempt = this.#routers.get(link.address);
    if (attempt === undefined) return;
    attempt.link = undefined;
    Object.assign(attempt.delaysMs, nothingWaits);
    if (this.#isClosed) return;
    const isStillOwner = this.#deps.directory.peersOf('router').some((owner) => owner.address === link.address);
    if (!isStillOwner) {
      this.#routers.delete(link.address);
      return;
    }
    attempt.cancelRetry = this.#after(backoffMs(linkLimits.reconnect, attempt.failures++, this.#deps.random), () => {
      attempt.cancelRetry = undefined;
      this.#connect(link.address);
    });
  }

  /** Puts a subscription on the link of the partition's present owner, unless it is there. */
  #announce(subscription: Subscription): void {
    const owner = this.#deps.directory.ownerOf('router', subscription.partition);
    if (owner === undefined) return;
    const link = this.#routers.get(owner.address)?.link;
    if (link === undefined) this.#connect(owner.address);
    if (link === undefined || !link.isOpen || subscription.link === link) return;
    subscription.link = link;
    subscription.isActive = false;
    const { app, channel, isConnected } = subscription;
    link.subscribe({ app, channel, isConnected });
  }

  #received(link: PeerLink, response: LinkResponse, linkClass: LinkClass): void {
    for (const answer of response.subscribed) this.#onSubscribed(link, answer);
    if (response.loads.length > 0) this.#noteLoads(link, response.loads);
    for (const outcome of response.outcomes) this.#events.outcome(outcome);
    for (const delivery of response.deliveries) this.#events.delivery(delivery, linkClass);
  }

  #noteLoads(link: PeerLink, loads: readonly LaneLoad[]): void {
    const attempt = this.#routers.get(link.address);
    if (attempt?.link !== link) return;
    for (const { priority, delayMs } of loads) attempt.delaysMs[laneOf(priority)] = delayMs;
  }

  #onSubscribed(link: PeerLink, answer: Subscribed): void {
    const subscription = this.#table.get(answer.app, answer.channel);
    if (subscription === undefined || subscription.link !== link) return;
    if (!answer.isOwner) {
      interrupt(subscription);
      this.#after(linkLimits.reconnect.firstMs, () => {
        if (this.#table.get(answer.app, answer.channel) === subscription) this.#announce(subscription);
      });
      return;
    }
    if (subscription.isActive) return;
    subscription.isActive = true;
    const isFirst = !subscription.wasActive;
    subscription.wasActive = true;
    this.#events.subscribed(answer.app, answer.channel, answer.headSeq, isFirst);
    if (!isFirst) this.#repeatOnceSettled(subscription, answer.headSeq);
  }

  /** A router that had not yet heard of the new owner may have sent events to the former one. */
  #repeatOnceSettled(subscription: Subscription, headSeq: number): void {
    const { app, channel } = subscription;
    this.#after(linkLimits.settleMs, () => {
      if (this.#table.get(app, channel) !== subscription || !subscription.isActive) return;
      this.#events.subscribed(app, channel, headSeq, false);
    });
  }

  #after(delayMs: number, action: () => void): CancelTimer {
    const cancel = this.#deps.clock.setTimer(delayMs, () => {
      this.#timers.delete(cancel);
      action();
    });
    this.#timers.add(cancel);
    return cancel;
  }
}

const nothingWaits = perLane(() => 0);

function interrupt(subscription: Subscription): void {
  subscription.link = undefined;
  subscription.isActive = false;
}
