import { decodeTimelineBatch, type LaneCommandInit, type SendCommandInit } from '@parley/contracts/events';
import { createGetConversationResponse } from '@parley/contracts/history';
import { type Delivery, LinkClass, type Outcome, RouterService as Contract } from '@parley/contracts/router';
import { topics } from '@parley/contracts/topics';
import { createMemoryLog, type EventLog } from '@parley/eventlog';
import { seededRandom, systemClock } from '@parley/kernel';
import { laneOf, lanes } from '@parley/lanes';
import { followOwned, startOfLog } from '@parley/ownedlog';
import { createInProcessRpc, createMemoryDirectory, type InProcessRpc, type OwnerDirectory } from '@parley/rpc';
import { createRouterClient, type RouterClient } from '@parley/router-client';
import { silentTelemetry } from '@parley/telemetry';
import { type ConversationEvent, decodeConversationEvent, encodeContent } from '@parley/wire';
import type { HistoryReader } from '../ports.js';
import { createRouterService, type RouterService } from '../service.js';

/** History that knows nothing, so that routers start from the timeline alone. */
export const emptyHistory: HistoryReader = {
  getConversation: async () => createGetConversationResponse({}),
  findSend: async () => ({ found: false, seq: 0, messageId: '', timeMs: 0, bodyHash: 0 }),
  getCheckpoint: async () => ({ offset: 0, fence: 0, index: 0 }),
};

export const textContent = (text: string): Uint8Array => encodeContent({ kind: { type: 'text', value: { text } } });
export const commandContent = (): Uint8Array => encodeContent({ kind: { type: 'command', value: { payload: Uint8Array.of(1) } } });

/** Routers, of one partition unless told otherwise, over a log in memory, with a client linked to them. */
export class RouterFixture implements AsyncDisposable {
  readonly log: EventLog;
  readonly rpc: InProcessRpc = createInProcessRpc();
  readonly directory: OwnerDirectory = createMemoryDirectory();
  readonly outcomes: Outcome[] = [];
  readonly deliveries: Delivery[] = [];
  /** The same by the class of the link that brought them. */
  readonly deliveriesOf = new Map<LinkClass, Delivery[]>([
    [LinkClass.URGENT, []],
    [LinkClass.NORMAL, []],
  ]);
  readonly subscriptions: { channel: string; headSeq: number; isFirst: boolean }[] = [];
  readonly #history: HistoryReader;
  readonly #partitions: number;
  readonly #stops: { stop: AbortController; ended: Promise<void> }[] = [];
  #client: RouterClient | undefined;
  #request = 0;
  #changed: (() => void)[] = [];

  private constructor(log: EventLog, history: HistoryReader, partitions: number) {
    this.log = log;
    this.#history = history;
    this.#partitions = partitions;
  }

  static async open(history: HistoryReader = emptyHistory, partitions = 1): Promise<RouterFixture> {
    const log = createMemoryLog({ clock: systemClock });
    await log.createTopics([
      ...lanes.map((lane) => ({ name: topics.lanes[lane], partitions, kind: 'queue' as const })),
      { name: topics.timeline, partitions, kind: 'log' },
      { name: topics.deadLetters, partitions: 1, kind: 'log' },
      { name: topics.snapshots, partitions: 1, kind: 'compacted' },
    ]);
    return new RouterFixture(log, history, partitions);
  }

  /** Starts another router process. */
  startRouter(name: string): { readonly service: RouterService; stop(): Promise<void> } {
    const server = this.rpc.server(name);
    const service = createRouterService({ ...this.#deps(name), history: this.#history, address: name });
    server.serve(Contract, service.handlers);
    const stop = new AbortController();
    const run = { stop, ended: service.run(stop.signal).finally(() => server[Symbol.asyncDispose]()) };
    this.#stops.push(run);
    return {
      service,
      stop: async () => {
        stop.abort();
        await run.ended;
      },
    };
  }

  get client(): RouterClient {
    this.#client ??= createRouterClient(this.#deps('gateway'), {
      outcome: (outcome) => this.#note(() => this.outcomes.push(outcome)),
      delivery: (delivery, linkClass) =>
        this.#note(() => {
          this.deliveries.push(delivery);
          this.deliveriesOf.get(linkClass)?.push(delivery);
        }),
      subscribed: (_app, channel, headSeq, isFirst) => this.#note(() => this.subscriptions.push({ channel, headSeq, isFirst })),
    });
    return this.#client;
  }

  /** Submits a command and waits for its outcome. */
  async decide(command: LaneCommandInit, priority = 2): Promise<Outcome> {
    const request = ++this.#request;
    const origin = { peer: 'gateway', connection: 1, request };
    this.client.submit(laneOf(priority), { app: 'app', ingressMs: systemClock.now(), ...command, origin });
    return this.until(() => this.outcomes.find((outcome) => outcome.request === request));
  }

  send(conversation: string, sender: string, options: SendCommandInit & { readonly ingressMs?: number } = {}): Promise<Outcome> {
    const { ingressMs = systemClock.now(), ...rest } = options;
    const value = { sender, clientMsgId: `m${this.#request}`, priority: 2 as const, content: textContent('hello'), ...rest };
    return this.decide({ conversation, ingressMs, body: { type: 'send', value } }, value.priority);
  }

  change(conversation: string, change: { joined?: string[]; left?: string[]; version: number; closed?: boolean }): Promise<Outcome> {
    return this.decide({ conversation, body: { type: 'membership', value: { change, isStored: true } } }, 4);
  }

  async subscribe(channel: string): Promise<void> {
    this.client.subscribe('app', channel, true);
    await this.until(() => this.subscriptions.find((each) => each.channel === channel));
  }

  /** What has come on a channel by links of a class, once it is so much. */
  heard(linkClass: LinkClass, channel: string, count: number): Promise<Delivery[]> {
    return this.until(() => {
      const heard = (this.deliveriesOf.get(linkClass) ?? []).filter(({ channels }) => channels.includes(channel));
      return heard.length < count ? undefined : heard;
    });
  }

  /** Waits until every partition is owned and so many routers own some. */
  async allOwned(routers: number): Promise<void> {
    const stopWatching = this.directory.onChange(() => this.#note(() => undefined));
    await this.until(() => {
      const owners = Array.from({ length: this.#partitions }, (_, partition) => this.directory.ownerOf('router', partition)?.address ?? '');
      return !owners.includes('') && new Set(owners).size === routers ? true : undefined;
    });
    stopWatching();
  }

  /** What every reader of the timeline accepts, as it stands. */
  async timeline(): Promise<ConversationEvent[]> {
    const events: ConversationEvent[] = [];
    const { end } = await this.log.range(topics.timeline, 0);
    const stop = new AbortController();
    await followOwned(this, {
      topic: topics.timeline,
      partition: 0,
      from: startOfLog,
      signal: stop.signal,
      onRecords: (records, position) => {
        for (const record of records) {
          if (record.payload.length === 0) continue;
          for (const entry of decodeTimelineBatch(record.payload).entries) events.push(decodeConversationEvent(entry.event));
        }
        if (position.offset >= end) stop.abort();
      },
    });
    return events;
  }

  /** Waits until the probe finds something; looks again whenever something came in. */
  async until<T>(probe: () => T | undefined): Promise<T> {
    for (;;) {
      const found = probe();
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#changed.push(resolve));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client?.[Symbol.asyncDispose]();
    for (const { stop } of this.#stops) stop.abort();
    await Promise.all(this.#stops.map(({ ended }) => ended));
    await this.log[Symbol.asyncDispose]();
  }

  #deps(peer: string) {
    const { log, directory } = this;
    const { dialer } = this.rpc;
    return {
      log,
      directory,
      dialer,
      peer,
      partitions: this.#partitions,
      clock: systemClock,
      random: seededRandom(1),
      telemetry: silentTelemetry,
    };
  }

  #note(action: () => void): void {
    action();
    const waiting = this.#changed;
    this.#changed = [];
    for (const resolve of waiting) resolve();
  }
}
