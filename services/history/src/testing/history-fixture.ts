import { encodeTimelineBatch, type TimelineEntryInit } from '@parley/contracts/events';
import { HistoryService as Contract } from '@parley/contracts/history';
import { topics } from '@parley/contracts/topics';
import { type AppRules, defaultRules } from '@parley/domain';
import { createMemoryLog, type EventLog } from '@parley/eventlog';
import { type Clock, seededRandom, systemClock } from '@parley/kernel';
import { claimPartition, type PartitionOwner, startOfLog } from '@parley/ownedlog';
import { createInProcessRpc, createMemoryDirectory, type ServiceClient } from '@parley/rpc';
import { createMemoryHistoryStore, type HistoryStore } from '@parley/store';
import { silentTelemetry } from '@parley/telemetry';
import {
  type ConversationEventInit,
  encodeContent,
  encodeConversationEvent,
  type MembershipChangeInit,
  type MessageOptionsInit,
  type SettingInit,
} from '@parley/wire';
import { historyLimits } from '../limits.js';
import { createHistoryService } from '../service.js';

/** A timeline of one partition that the test writes, and history that reads it. */
export class HistoryFixture implements AsyncDisposable {
  readonly log: EventLog = createMemoryLog({ clock: systemClock });
  readonly store: HistoryStore;
  /** What the app lets its users do. */
  rules: AppRules = defaultRules;
  /** What history and the events of this fixture take for now. */
  nowMs = systemClock.now();
  /** The sweep that waits for its next pass. */
  #nextPass: (() => void) | undefined;
  #onPassOver = (): void => {};
  readonly #clock: Clock = {
    ...systemClock,
    now: () => this.nowMs,
    setTimer: (delayMs, action) => {
      if (delayMs !== historyLimits.sweepEveryMs) return systemClock.setTimer(delayMs, action);
      this.#nextPass = action;
      this.#onPassOver();
      return () => {};
    },
  };
  readonly #stop = new AbortController();
  #owner: PartitionOwner | undefined;
  #stopHistory: () => Promise<void> = async () => {};
  #directory = createMemoryDirectory();
  #seqs = new Map<string, number>();
  #countables = new Map<string, number>();

  private constructor(store?: HistoryStore) {
    this.store = store ?? createMemoryHistoryStore({ clock: this.#clock, random: seededRandom(7) });
  }

  /** A store that is given is disposed with the fixture. */
  static async open(store?: HistoryStore): Promise<HistoryFixture> {
    const fixture = new HistoryFixture(store);
    await fixture.log.createTopics([{ name: topics.timeline, partitions: 1, kind: 'log' }]);
    fixture.#owner = await claimPartition(fixture.#deps, {
      topic: topics.timeline,
      partition: 0,
      from: startOfLog,
      onRecord: () => {},
      signal: fixture.#stop.signal,
    });
    return fixture;
  }

  /**
   * Starts history, after the one that runs has stopped. The client fails with NOT_OWNER until its partition
   * is up, so this waits for that.
   */
  async start(store = this.store): Promise<ServiceClient<typeof Contract>> {
    await this.#stopHistory();
    const directory = createMemoryDirectory();
    this.#directory = directory;
    const service = createHistoryService({ ...this.#deps, store, directory, address: 'local', peer: 'history', partitions: 1 });
    const rpc = createInProcessRpc();
    rpc.server('local').serve(Contract, service.handlers);
    const isUp = this.isUp();
    const stop = new AbortController();
    const running = service.run(stop.signal);
    this.#stopHistory = async () => {
      stop.abort();
      await running;
    };
    await isUp;
    return rpc.dialer.client(Contract, 'local');
  }

  /** Resolves when the partition is served, at once where it is. */
  async isUp(): Promise<void> {
    const directory = this.#directory;
    if (directory.ownerOf('history', 0) !== undefined) return;
    await new Promise<void>((resolve) => directory.onChange(() => resolve()));
  }

  /** Lets the sweep that waits do one pass, and waits for its end. */
  async sweep(): Promise<void> {
    const isOver = new Promise<void>((resolve) => {
      this.#onPassOver = resolve;
    });
    this.#nextPass?.();
    await isOver;
  }

  /** Appends a message; answers its seq. */
  message(conversation: string, sender: string, text: string, clientMsgId = `${sender}-${text}`): Promise<number> {
    return this.#append(conversation, true, { sender, clientMsgId, body: { type: 'content', value: textOf(text) } });
  }

  /** Appends a message that something goes with; answers its seq. */
  send(conversation: string, sender: string, text: string, options: MessageOptionsInit): Promise<number> {
    return this.#append(conversation, true, { sender, options, body: { type: 'content', value: textOf(text) } });
  }

  /** Appends what somebody does to messages; answers its seq. */
  act(conversation: string, sender: string, body: ConversationEventInit['body'], more: TimelineEntryInit = {}): Promise<number> {
    return this.#append(conversation, true, { sender, body }, more);
  }

  /** The same where it is for some members only. */
  actFor(onlyTo: readonly string[], conversation: string, sender: string, body: ConversationEventInit['body']): Promise<number> {
    return this.#append(conversation, true, { sender, body, options: { onlyTo } });
  }

  /** Appends what takes no seq. */
  async own(conversation: string, sender: string, body: ConversationEventInit['body'], more: TimelineEntryInit = {}): Promise<void> {
    await this.#append(conversation, false, { sender, body }, more);
  }

  /** Appends that somebody has read up to a seq. */
  read(conversation: string, user: string, readSeq: number, deliveredSeq = readSeq): Promise<void> {
    return this.own(conversation, user, { type: 'cursor', value: { user, readSeq, deliveredSeq } });
  }

  /** Appends a user's own settings. */
  set(conversation: string, user: string, change: SettingInit['change']): Promise<void> {
    const headSeq = this.#seqs.get(conversation) ?? 0;
    return this.own(conversation, user, { type: 'settings', value: { user, changes: [{ change }], headSeq } });
  }

  /** Appends so many messages at once; answers the seq of the last. */
  async messages(conversation: string, count: number): Promise<number> {
    const content = textOf('x');
    const entries = Array.from({ length: count }, () => this.#entry(conversation, true, { body: { type: 'content', value: content } }));
    await this.#owner?.append([{ payload: encodeTimelineBatch({ entries }) }]);
    return this.#seqs.get(conversation) ?? 0;
  }

  membership(conversation: string, change: MembershipChangeInit, isStored = true): Promise<number> {
    return this.#append(conversation, isStored, { body: { type: 'membership', value: change } });
  }

  /** Appends a change of a room with what came with it. */
  async room(conversation: string, change: MembershipChangeInit, more: TimelineEntryInit = {}): Promise<void> {
    const entry = this.#entry(conversation, false, { body: { type: 'membership', value: change } });
    await this.#owner?.append([{ payload: encodeTimelineBatch({ entries: [{ ...entry, ...more }] }) }]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#stopHistory();
    await this.store[Symbol.asyncDispose]();
    await this.log[Symbol.asyncDispose]();
  }

  async #append(conversation: string, isStored: boolean, event: ConversationEventInit, more: TimelineEntryInit = {}): Promise<number> {
    const entry = { ...this.#entry(conversation, isStored, event), ...more };
    await this.#owner?.append([{ payload: encodeTimelineBatch({ entries: [entry] }) }]);
    return isStored ? (this.#seqs.get(conversation) ?? 0) : 0;
  }

  #entry(conversation: string, isStored: boolean, event: ConversationEventInit): TimelineEntryInit {
    const seq = isStored ? (this.#seqs.get(conversation) ?? 0) + 1 : 0;
    if (isStored) this.#seqs.set(conversation, seq);
    const isCountable = event.body?.type === 'content' && event.options?.noUnread !== true;
    const countable = (this.#countables.get(conversation) ?? 0) + Number(isCountable);
    this.#countables.set(conversation, countable);
    const encoded = encodeConversationEvent({ conversation, seq, timeMs: this.nowMs, messageId: `id${seq}`, ...event });
    return { app: 'app', event: encoded, countable, bodyHash: 1 };
  }

  get #deps() {
    return { log: this.log, clock: this.#clock, random: seededRandom(3), telemetry: silentTelemetry, rules: { rulesOf: () => this.rules } };
  }
}

const textOf = (text: string): Uint8Array => encodeContent({ kind: { type: 'text', value: { text } } });
