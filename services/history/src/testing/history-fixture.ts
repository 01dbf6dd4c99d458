import { encodeTimelineBatch, type TimelineEntryInit } from '@parley/contracts/events';
import { HistoryService as Contract } from '@parley/contracts/history';
import { topics } from '@parley/contracts/topics';
import { createMemoryLog, type EventLog } from '@parley/eventlog';
import { seededRandom, systemClock } from '@parley/kernel';
import { claimPartition, type PartitionOwner, startOfLog } from '@parley/ownedlog';
import { createInProcessRpc, createMemoryDirectory, type ServiceClient } from '@parley/rpc';
import { createMemoryHistoryStore, type HistoryStore } from '@parley/store';
import { silentTelemetry } from '@parley/telemetry';
import { type ConversationEventInit, encodeContent, encodeConversationEvent, type MembershipChangeInit } from '@parley/wire';
import { createHistoryService } from '../service.js';

/** A timeline of one partition that the test writes, and history that reads it. */
export class HistoryFixture implements AsyncDisposable {
  readonly log: EventLog = createMemoryLog({ clock: systemClock });
  readonly store: HistoryStore = createMemoryHistoryStore({ clock: systemClock, random: seededRandom(7) });
  readonly #rpc = createInProcessRpc();
  readonly #stop = new AbortController();
  #owner: PartitionOwner | undefined;
  #running: Promise<void> = Promise.resolve();
  #seqs = new Map<string, number>();

  static async open(): Promise<HistoryFixture> {
    const fixture = new HistoryFixture();
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

  /** Starts history; the client fails with NOT_OWNER until its partition is up, so this waits for that. */
  async start(): Promise<ServiceClient<typeof Contract>> {
    const directory = createMemoryDirectory();
    const service = createHistoryService({ ...this.#deps, store: this.store, directory, address: 'local', peer: 'history', partitions: 1 });
    this.#rpc.server('local').serve(Contract, service.handlers);
    const isUp = new Promise<void>((resolve) => directory.onChange(() => resolve()));
    this.#running = service.run(this.#stop.signal);
    await isUp;
    return this.#rpc.dialer.client(Contract, 'local');
  }

  /** Appends a message; answers its seq. */
  message(conversation: string, sender: string, text: string, clientMsgId = `${sender}-${text}`): Promise<number> {
    const content = encodeContent({ kind: { type: 'text', value: { text } } });
    return this.#append(conversation, true, { sender, clientMsgId, body: { type: 'content', value: content } });
  }

  membership(conversation: string, change: MembershipChangeInit, isStored = true): Promise<number> {
    return this.#append(conversation, isStored, { body: { type: 'membership', value: change } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.store[Symbol.asyncDispose]();
    await this.log[Symbol.asyncDispose]();
  }

  async #append(conversation: string, isStored: boolean, event: ConversationEventInit): Promise<number> {
    const seq = isStored ? (this.#seqs.get(conversation) ?? 0) + 1 : 0;
    if (isStored) this.#seqs.set(conversation, seq);
    const encoded = encodeConversationEvent({ conversation, seq, timeMs: systemClock.now(), messageId: `id${seq}`, ...event });
    const entry: TimelineEntryInit = { app: 'app', event: encoded, countable: seq, bodyHash: 1 };
    await this.#owner?.append([{ payload: encodeTimelineBatch({ entries: [entry] }) }]);
    return seq;
  }

  get #deps() {
    return { log: this.log, clock: systemClock, random: seededRandom(3), telemetry: silentTelemetry };
  }
}
