import type { RouterService as Contract } from '@parley/contracts/router';
import { topics } from '@parley/contracts/topics';
import { type CancelTimer, ParleyError, partitionOf } from '@parley/kernel';
import { type Lane, lanes } from '@parley/lanes';
import { OwnedPartitions, superviseOwnership } from '@parley/ownedlog';
import { createLaneWriter } from '@parley/router-client';
import { type ServiceHandlers, watchForSuccessor } from '@parley/rpc';
import { createRouterEvents, type RouterEvents } from './events.js';
import { FanOut } from './fanout/fan-out.js';
import type { Publication } from './fanout/publication.js';
import { Relays } from './fanout/relays.js';
import { routerLimits } from './limits.js';
import { DropNotices } from './overload/drop-notices.js';
import { LaneLoads } from './overload/lane-loads.js';
import { TransitClock } from './overload/transit-clock.js';
import { OwnCalls } from './own-calls.js';
import type { BatchSinks } from './partition/batch.js';
import { conversationKey } from './partition/conversation-state.js';
import { PartitionRouter } from './partition/partition-router.js';
import type { RouterDeps } from './ports.js';
import { act } from './rpc/act.js';
import { importMessages } from './rpc/import-messages.js';
import type { LaneCallsDeps } from './rpc/lane-calls.js';
import { serveLink } from './rpc/link.js';
import { notify } from './rpc/notify.js';
import { queryPresence } from './rpc/query-presence.js';
import { serveRelay } from './rpc/relay.js';
import { sendMessage } from './rpc/send-message.js';

/** Decides the order of every conversation of the partitions it owns, and fans out. */
export interface RouterService {
  readonly handlers: ServiceHandlers<typeof Contract>;
  /** Takes part until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>;
  readonly owned: OwnedPartitions;
}

export function createRouterService(deps: RouterDeps): RouterService {
  return new Router(deps);
}

class Router implements RouterService {
  readonly handlers: ServiceHandlers<typeof Contract>;
  readonly owned = new OwnedPartitions();
  readonly #deps: RouterDeps;
  readonly #events: RouterEvents;
  readonly #partitions = new Map<number, PartitionRouter>();
  readonly #relays: Relays;
  readonly #fanOut: FanOut;
  readonly #calls: OwnCalls;
  readonly #loads: LaneLoads;
  readonly #dropNotices: DropNotices;
  readonly #transits: TransitClock;
  readonly #timers = new Set<CancelTimer>();
  #isStopping = false;

  constructor(deps: RouterDeps) {
    this.#deps = deps;
    this.#events = createRouterEvents(deps.telemetry);
    this.#calls = new OwnCalls(deps.clock);
    const isOwned = (partition: number): boolean => this.#partitions.has(partition);
    this.#relays = new Relays({ ...deps, isOwned, events: this.#events });
    this.#fanOut = new FanOut({
      peer: deps.peer,
      partitions: deps.partitions,
      clock: deps.clock,
      relays: this.#relays,
      events: this.#events,
      onOwnOutcome: (connection, outcome) => this.#calls.settle(connection, outcome),
    });
    const { clock } = deps;
    this.#loads = new LaneLoads({
      clock,
      oldestMs: (lane) => this.#oldestMs(lane),
      tell: (loads) => this.#fanOut.tellLoads(loads),
    });
    this.#dropNotices = new DropNotices({ clock, tell: (notice) => this.#tellDropped(notice) });
    this.#transits = new TransitClock(deps.peer);
    this.handlers = this.#createHandlers(isOwned);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { log, clock, random, telemetry } = this.#deps;
    const run = (partition: number, stop: AbortSignal): Promise<void> => this.#serve(partition, stop);
    signal.addEventListener(
      'abort',
      () => {
        this.#isStopping = true;
      },
      { once: true },
    );
    const laneTopics = lanes.map((lane) => topics.lanes[lane]);
    await superviseOwnership({ log, clock, random, telemetry, group: 'router', topics: laneTopics, signal, run, owned: this.owned });
    for (const cancel of this.#timers) cancel();
    this.#relays.close();
    this.#loads.close();
    this.#dropNotices.close();
  }

  async #serve(partition: number, signal: AbortSignal): Promise<void> {
    const router = new PartitionRouter(partition, this.#deps, {
      sinks: this.#sinks,
      events: this.#events,
      loads: this.#loads,
      transits: this.#transits,
    });
    const fence = await router.takeOver(signal);
    this.#partitions.set(partition, router);
    const ended = this.owned.serving(partition);
    const { address, peer, directory } = this.#deps;
    const ownership = { service: 'router', partition, fence };
    const unwatch = watchForSuccessor(directory, ownership, () => router.confirm());
    try {
      await directory.publish({ ...ownership, address, peer });
      this.#events.takenOver(partition, fence);
      await router.run(signal);
    } finally {
      unwatch();
      this.#partitions.delete(partition);
      ended();
      if (!this.#isStopping) this.#forgetChannelsLater(partition);
    }
  }

  readonly #sinks: BatchSinks = {
    publish: (publication) => this.#fanOut.publish(publication),
    answer: (origin, outcome) => this.#fanOut.answer(origin, outcome),
    shed: ({ command: { app, conversation }, state, lane, stage }) => {
      this.#events.shed(stage, lane, 1);
      // Two people are no audience: the sender of a message between them has been told.
      if (state.conversation.type !== 'user') this.#dropNotices.note({ app, channel: conversation, conversation }, lane);
    },
  };

  #tellDropped(notice: Publication): boolean {
    this.#fanOut.publish(notice);
    return true;
  }

  #oldestMs(lane: Lane): number {
    let oldestMs = 0;
    for (const partition of this.#partitions.values()) oldestMs = Math.max(oldestMs, partition.oldestMs(lane));
    return oldestMs;
  }

  /** Events may still come here from routers that do not know the new owner yet. */
  #forgetChannelsLater(partition: number): void {
    const cancel = this.#deps.clock.setTimer(routerLimits.formerOwnerGraceMs, () => {
      this.#timers.delete(cancel);
      if (!this.#partitions.has(partition)) this.#fanOut.channels.dropPartition(partition);
    });
    this.#timers.add(cancel);
  }

  #createHandlers(isOwned: (partition: number) => boolean): ServiceHandlers<typeof Contract> {
    const { log, partitions, peer, clock, random, history } = this.#deps;
    const timelineEnd = (app: string, conversation: string): number =>
      this.#partitions.get(partitionOf(app, conversation, partitions))?.timelineEnd ?? 0;
    const fanOut = this.#fanOut;
    const writer = createLaneWriter({
      log,
      partitions,
      clock,
      onFailed: ({ origin }, error) => this.#calls.settle(origin?.connection ?? 0, { error: new ParleyError(error).spec.code }),
    });
    const deps = { writer, calls: this.#calls, peer, clock, random };
    const ofOwned =
      <Request extends { readonly app: string; readonly conversation: string }, Response>(
        serve: (deps: LaneCallsDeps, request: Request) => Promise<Response>,
      ) =>
      async (request: Request): Promise<Response> => {
        if (!isOwned(partitionOf(request.app, request.conversation, partitions))) throw new ParleyError('NOT_OWNER');
        return serve(deps, request);
      };
    return {
      sendMessage: ofOwned(sendMessage),
      act: ofOwned(act),
      notify: ofOwned(notify),
      importMessages: ofOwned((own, request) => importMessages({ ...own, history, timelineEnd }, request)),
      queryPresence: async (request) => queryPresence({ channels: fanOut.channels, partitions, isOwned }, request),
      link: (stream) => serveLink({ fanOut, headOf: (app, channel) => this.#headOf(app, channel), loads: () => this.#loads.told }, stream),
      relay: (stream) => serveRelay({ fanOut, relays: this.#relays }, stream),
    };
  }

  async #headOf(app: string, channel: string): Promise<number | undefined> {
    const owner = this.#partitions.get(partitionOf(app, channel, this.#deps.partitions));
    if (owner === undefined) return undefined;
    if (channel.startsWith('user:')) return 0;
    const state = owner.conversations.get(conversationKey(app, channel)) ?? (await owner.conversations.load(app, channel));
    return state.committedSeq;
  }
}
