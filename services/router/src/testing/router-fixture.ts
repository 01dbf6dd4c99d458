import {
  type ActCommandInit,
  decodeTimelineBatch,
  type LaneCommandInit,
  type MembershipCommandInit,
  type SendCommandInit,
  type TimelineEntry,
} from '@parley/contracts/events';
import { createGetConversationResponse, createGetTargetResponse, createQueryHistoryResponse } from '@parley/contracts/history';
import { type Delivery, LinkClass, type Outcome, RouterService as Contract } from '@parley/contracts/router';
import { topics } from '@parley/contracts/topics';
import type { AppRules } from '@parley/domain';
import { createMemoryLog, type EventLog } from '@parley/eventlog';
import { seededRandom, systemClock } from '@parley/kernel';
import { laneOf, lanes, type PolicyBook, priorityOf } from '@parley/lanes';
import { followOwned, startOfLog } from '@parley/ownedlog';
import { createInProcessRpc, createMemoryDirectory, type InProcessRpc, type OwnerDirectory } from '@parley/rpc';
import { createRouterClient, type RouterClient } from '@parley/router-client';
import { type ActInit, type ConversationEvent, decodeConversationEvent, encodeContent, Priority } from '@parley/wire';
import type { HistoryReader } from '../ports.js';
import { laneOfAct } from '../rpc/act.js';
import { createRouterService, type RouterService } from '../service.js';
import { CountingTelemetry } from './counting-telemetry.js';
import { ProjectingHistory } from './projecting-history.js';
import { SkippingClock } from './skipping-clock.js';

/** History that knows nothing, so that routers start from the timeline alone. */
export const emptyHistory: HistoryReader = {
  getConversation: async () => createGetConversationResponse({}),
  findSend: async () => ({ found: false, seq: 0, messageId: '', timeMs: 0, bodyHash: 0 }),
  getCheckpoint: async () => ({ offset: 0, fence: 0, index: 0 }),
  getTarget: async () => createGetTargetResponse({}),
  queryHistory: async () => createQueryHistoryResponse({}),
};

export const textContent = (text: string): Uint8Array => encodeContent({ kind: { type: 'text', value: { text } } });
export const commandContent = (): Uint8Array => encodeContent({ kind: { type: 'command', value: { payload: Uint8Array.of(1) } } });
export const bulletContent = (): Uint8Array => encodeContent({ kind: { type: 'bullet', value: { text: 'wow' } } });

export interface SubmitOptions {
  readonly priority?: Priority;
  /** Whose client sends it. */
  readonly gateway?: string;
}

export interface SendOptions extends SendCommandInit {
  readonly priority?: Priority;
  readonly ingressMs?: number;
  readonly gateway?: string;
}

export interface ActOptions extends Omit<ActCommandInit, 'act' | 'sender'> {
  readonly ingressMs?: number;
  readonly gateway?: string;
}

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
  readonly clock = new SkippingClock();
  readonly telemetry = new CountingTelemetry();
  readonly #history: HistoryReader;
  readonly #partitions: number;
  readonly #stops: { stop: AbortController; ended: Promise<void> }[] = [];
  readonly #clients = new Map<string, RouterClient>();
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
    if (history instanceof ProjectingHistory) history.attach(log);
    return new RouterFixture(log, history, partitions);
  }

  /** Starts another router process. */
  startRouter(name: string, policies?: PolicyBook, rules?: AppRules): { readonly service: RouterService; stop(): Promise<void> } {
    const server = this.rpc.server(name);
    const service = createRouterService({
      ...this.#deps(name),
      history: this.#history,
      address: name,
      ...(policies === undefined ? {} : { policies }),
      ...(rules === undefined ? {} : { rules: { rulesOf: () => rules } }),
    });
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
    return this.clientOf('gateway');
  }

  /** The client of a gateway; what comes to any of them is collected together. */
  clientOf(gateway: string): RouterClient {
    let client = this.#clients.get(gateway);
    client ??= createRouterClient(this.#deps(gateway), {
      outcome: (outcome) => this.#note(() => this.outcomes.push(outcome)),
      delivery: (delivery, linkClass) =>
        this.#note(() => {
          this.deliveries.push(delivery);
          this.deliveriesOf.get(linkClass)?.push(delivery);
        }),
      subscribed: (_app, channel, headSeq, isFirst) => this.#note(() => this.subscriptions.push({ channel, headSeq, isFirst })),
    });
    this.#clients.set(gateway, client);
    return client;
  }

  /** Submits a command and waits for its outcome. */
  decide(command: LaneCommandInit, options: SubmitOptions = {}): Promise<Outcome> {
    const request = this.submit(command, options);
    return this.until(() => this.outcomes.find((outcome) => outcome.request === request));
  }

  /** Submits a command; answers the number of its request. */
  submit(command: LaneCommandInit, { priority = Priority.MEDIUM, gateway = 'gateway' }: SubmitOptions = {}): number {
    const request = ++this.#request;
    const origin = { peer: gateway, connection: 1, request };
    this.clientOf(gateway).submit(laneOf(priority), { app: 'app', ingressMs: this.clock.now(), ...command, origin });
    return request;
  }

  /** Submits an act by its lane and waits for its outcome. */
  act(conversation: string, sender: string, kind: ActInit['kind'], options: ActOptions = {}): Promise<Outcome> {
    const { ingressMs = this.clock.now(), gateway = 'gateway', ...rest } = options;
    const priority = priorityOf(kind === undefined ? 'medium' : laneOfAct(kind.type));
    const clientMsgId = `a${this.#request}`;
    const value = { sender, clientMsgId, act: { kind }, ...rest };
    return this.decide({ conversation, ingressMs, body: { type: 'act', value } }, { priority, gateway });
  }

  send(conversation: string, sender: string, options: SendOptions = {}): Promise<Outcome> {
    const { gateway = 'gateway', ...rest } = options;
    return this.decide(this.sendOf(conversation, sender, rest), { priority: rest.priority ?? Priority.MEDIUM, gateway });
  }

  /** The command of a message. */
  sendOf(conversation: string, sender: string, options: SendOptions = {}): LaneCommandInit {
    const { ingressMs = this.clock.now(), gateway: _, ...rest } = options;
    const clientMsgId = `m${this.#request}`;
    const value = { sender, clientMsgId, priority: Priority.MEDIUM, content: textContent('hello'), ...rest };
    return { conversation, ingressMs, body: { type: 'send', value } };
  }

  /** Tells the router a room's membership, as its service does. */
  room(conversation: string, value: MembershipCommandInit): Promise<Outcome> {
    return this.decide({ conversation, body: { type: 'membership', value } }, { priority: Priority.SYSTEM });
  }

  change(conversation: string, change: { joined?: string[]; left?: string[]; version: number; closed?: boolean }): Promise<Outcome> {
    return this.decide({ conversation, body: { type: 'membership', value: { change, isStored: true } } }, { priority: Priority.SYSTEM });
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
    return (await this.entries()).map(({ event }) => decodeConversationEvent(event));
  }

  /** The same with what goes with events. */
  async entries(): Promise<TimelineEntry[]> {
    const entries: TimelineEntry[] = [];
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
          entries.push(...decodeTimelineBatch(record.payload).entries);
        }
        if (position.offset >= end) stop.abort();
      },
    });
    return entries;
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
    for (const client of this.#clients.values()) await client[Symbol.asyncDispose]();
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
      clock: this.clock,
      random: seededRandom(1),
      telemetry: this.telemetry,
    };
  }

  #note(action: () => void): void {
    action();
    const waiting = this.#changed;
    this.#changed = [];
    for (const resolve of waiting) resolve();
  }
}
