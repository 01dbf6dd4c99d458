import { backoffMs, type CancelTimer, type Clock, type Random } from '@parley/kernel';
import type { ConversationEvent } from '@parley/wire';
import { ParleyClientError } from './client-error.js';
import type { Answer, Connection, RequestBody } from './connection.js';
import type { Told } from './event-decoder.js';
import type { SdkLimits } from './limits.js';
import type { OutboxStore, PendingSend } from './outbox-store.js';
import { type SendHandle, SendTracker, type StoredMessage } from './send-handle.js';

export interface OutboxOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: SdkLimits;
  readonly store: OutboxStore;
  /** The request that carries it; undefined for an act that this client does not know. */
  requestOf(send: PendingSend, isRetry: boolean): RequestBody | undefined;
  changed(handle: SendHandle): void;
  /** The server has acknowledged it. */
  stored(send: PendingSend, place: StoredMessage): void;
  error(error: ParleyClientError): void;
}

interface Entry {
  readonly send: PendingSend;
  readonly handle: SendTracker;
  /** Ever written to a socket, by this process or an earlier one. */
  wasWritten: boolean;
  isPersisted: boolean;
  isInFlight: boolean;
  isSettled: boolean;
  refusals: number;
}

/** Sends of one conversation and priority, oldest first. */
interface Lane {
  readonly key: string;
  readonly entries: Entry[];
  /** How many may be under way: grows with every success, falls to one when the server refuses. */
  window: number;
  inFlight: number;
  cancelPause: CancelTimer | undefined;
}

const firstWindow = 16;

/**
 * Holds every send until its fate is known and writes it again after a reconnect or a time-out, under the same id
 * and in the old order. What was written before is flagged as a retry, so that the server finds the first copy.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #lanes = new Map<string, Lane>();
  readonly #blocked = new Set<string>();
  #connection: Connection | undefined;
  #isLoaded = false;
  #isClosed = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
    void this.#load();
  }

  get pending(): readonly SendHandle[] {
    return [...this.#entries.values()].map((entry) => entry.handle);
  }

  /** Takes a message for sending. What is beyond the outbox's bound fails at once with OVERLOADED. */
  add(send: PendingSend, invalid?: ParleyClientError): SendHandle {
    const known = this.#entries.get(send.clientMsgId);
    if (known !== undefined) return known.handle;
    const entry = this.#makeEntry({ ...send, timeMs: this.#options.clock.now() }, 'now');
    const full = this.#entries.size >= this.#options.limits.outboxMax;
    const error = invalid ?? (full ? ParleyClientError.of('OVERLOADED', 'the outbox is full') : this.#closedError());
    if (error === undefined) this.#enqueue(entry);
    else this.#fail(entry, error);
    return entry.handle;
  }

  online(connection: Connection): void {
    this.#connection = connection;
    this.#pumpAll();
  }

  offline(): void {
    this.#connection = undefined;
  }

  /** Keeps back what is meant for a conversation that the client has to enter first. */
  block(conversation: string): void {
    this.#blocked.add(conversation);
  }

  unblock(conversation: string): void {
    this.#blocked.delete(conversation);
    this.#pumpAll();
  }

  /**
   * An own message or act that came back from the server settles its send even when the acknowledgement was lost.
   * Another one under the same id does not: that one the server refuses.
   */
  observe({ source }: Told, self: string): void {
    const entry = source.clientMsgId === '' || source.sender !== self ? undefined : this.#entries.get(source.clientMsgId);
    if (entry === undefined || entry.send.conversation !== source.conversation || !isSame(entry.send, source)) return;
    this.#settle(entry, source);
  }

  /** What is unanswered stays in the store; its handles fail. */
  close(): void {
    this.#isClosed = true;
    this.#connection = undefined;
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    for (const lane of this.#lanes.values()) lane.cancelPause?.();
    this.#lanes.clear();
    for (const entry of entries) {
      entry.isSettled = true;
      this.#fail(entry, ParleyClientError.of('UNAVAILABLE', 'the client was closed'));
    }
  }

  #closedError(): ParleyClientError | undefined {
    return this.#isClosed ? ParleyClientError.of('UNAVAILABLE', 'the client is closed') : undefined;
  }

  async #load(): Promise<void> {
    try {
      const sends = await this.#options.store.load();
      if (this.#isClosed) return;
      // Nothing has been written yet, so the lanes can be laid out anew: first what is left from earlier.
      const newer = [...this.#entries.values()];
      this.#entries.clear();
      this.#lanes.clear();
      for (const send of sends) this.#join(this.#makeEntry(send, 'earlier'));
      for (const entry of newer) if (!this.#entries.has(entry.send.clientMsgId)) this.#join(entry);
      this.#giveUpOld();
    } catch (error) {
      this.#storeFailed(error);
    }
    this.#isLoaded = true;
    this.#pumpAll();
  }

  /** So late the server does not know a repetition from a new message any more, and nobody expects it. */
  #giveUpOld(): void {
    const { clock, limits } = this.#options;
    for (const lane of this.#lanes.values()) {
      for (const entry of [...lane.entries]) {
        if (clock.now() - (entry.send.timeMs ?? clock.now()) < limits.sendKeptMs) continue;
        this.#remove(lane, entry);
        this.#fail(entry, ParleyClientError.of('TIMEOUT', 'it was not sent in time'));
      }
    }
  }

  /** Whether an earlier process has written a send is not known, so it counts as written. */
  #makeEntry(send: PendingSend, origin: 'now' | 'earlier'): Entry {
    const handle: SendTracker = new SendTracker(send, () => this.#requeue(entry));
    const isEarlier = origin === 'earlier';
    const entry: Entry = {
      send,
      handle,
      wasWritten: isEarlier,
      isPersisted: isEarlier,
      isInFlight: false,
      isSettled: false,
      refusals: 0,
    };
    return entry;
  }

  #enqueue(entry: Entry): void {
    this.#join(entry);
    this.#options.changed(entry.handle);
    const saved = this.#persist(entry);
    if (saved === undefined) this.#pump(entry);
    else void saved.then(() => this.#pump(entry));
  }

  #join(entry: Entry): void {
    this.#entries.set(entry.send.clientMsgId, entry);
    const key = laneKey(entry.send);
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = { key, entries: [], window: Math.min(firstWindow, this.#options.limits.inFlightMax), inFlight: 0, cancelPause: undefined };
      this.#lanes.set(key, lane);
    }
    lane.entries.push(entry);
  }

  /** Undefined when it is done already. A store that fails costs the protection, not the message. */
  #persist(entry: Entry): Promise<void> | undefined {
    const failed = (error: unknown): void => {
      this.#storeFailed(error);
      entry.isPersisted = true;
    };
    if (entry.send.isTransient === true) {
      entry.isPersisted = true;
      return undefined;
    }
    entry.isPersisted = false;
    try {
      const saved = this.#options.store.put(entry.send);
      if (saved !== undefined) {
        return saved.then(() => {
          entry.isPersisted = true;
        }, failed);
      }
      entry.isPersisted = true;
    } catch (error) {
      failed(error);
    }
    return undefined;
  }

  #requeue(entry: Entry): void {
    const error = this.#closedError();
    if (error !== undefined) {
      this.#fail(entry, error);
      return;
    }
    entry.isSettled = false;
    entry.refusals = 0;
    entry.handle.move('queued');
    this.#enqueue(entry);
  }

  #pump(entry: Entry): void {
    const lane = this.#lanes.get(laneKey(entry.send));
    if (lane !== undefined) this.#pumpLane(lane);
  }

  #pumpAll(): void {
    for (const lane of this.#lanes.values()) this.#pumpLane(lane);
  }

  #pumpLane(lane: Lane): void {
    if (this.#connection === undefined || !this.#isLoaded || lane.cancelPause !== undefined) return;
    for (const entry of [...lane.entries]) {
      if (lane.inFlight >= lane.window || !entry.isPersisted || this.#blocked.has(entry.send.conversation)) return;
      if (!entry.isInFlight) this.#write(lane, entry, this.#connection);
    }
  }

  #write(lane: Lane, entry: Entry, connection: Connection): void {
    const body = this.#options.requestOf(entry.send, entry.wasWritten);
    if (body === undefined) return;
    entry.wasWritten = true;
    entry.isInFlight = true;
    lane.inFlight++;
    if (entry.handle.move('sent')) this.#options.changed(entry.handle);
    connection.request(body, this.#options.limits.sendTimeoutMs, (answer) => {
      entry.isInFlight = false;
      lane.inFlight--;
      if (entry.isSettled) this.#release(lane);
      else this.#answered(lane, entry, answer);
    });
  }

  #answered(lane: Lane, entry: Entry, answer: Answer): void {
    if (answer.type === 'answered' && answer.body.type === 'stored') {
      lane.window = Math.min(this.#options.limits.inFlightMax, lane.window + 1);
      this.#options.stored(entry.send, answer.body.value);
      this.#settle(entry, answer.body.value);
      this.#release(lane);
      return;
    }
    if (answer.type === 'refused') {
      this.#refused(lane, entry, answer.error);
      return;
    }
    if (entry.send.isTransient === true) {
      // The rest of the lane is not for this connection when that is lost.
      this.#remove(lane, entry);
      this.#fail(entry, ParleyClientError.of('TIMEOUT'));
      if (answer.type === 'lost') this.#forgetIdle(lane);
      else this.#release(lane);
      return;
    }
    if (entry.handle.move('queued')) this.#options.changed(entry.handle);
    // Lost: the next login goes on. No answer: the server may be over its head, so the repetition takes its time.
    if (answer.type !== 'lost') this.#pause(lane, backoffMs(this.#retryPolicy, 0, this.#options.random));
  }

  #refused(lane: Lane, entry: Entry, error: ParleyClientError): void {
    const { limits, random } = this.#options;
    const isHopeless = error.retry === 'never' || entry.send.isTransient === true;
    if (isHopeless || (error.retry === 'after-backoff' && ++entry.refusals > limits.sendRetriesMax)) {
      this.#remove(lane, entry);
      this.#fail(entry, error);
      this.#release(lane);
      return;
    }
    lane.window = 1;
    if (entry.handle.move('queued')) this.#options.changed(entry.handle);
    const jitterMs = backoffMs(this.#retryPolicy, entry.refusals, random);
    this.#pause(lane, error.retryAfterMs > 0 ? error.retryAfterMs + Math.floor(jitterMs / 4) : jitterMs);
  }

  get #retryPolicy(): { firstMs: number; longestMs: number } {
    return { firstMs: this.#options.limits.retryFirstMs, longestMs: this.#options.limits.retryLongestMs };
  }

  #pause(lane: Lane, delayMs: number): void {
    lane.cancelPause?.();
    lane.cancelPause = this.#options.clock.setTimer(delayMs, () => {
      lane.cancelPause = undefined;
      this.#release(lane);
    });
  }

  #settle(entry: Entry, place: StoredMessage): void {
    if (entry.isSettled) return;
    const lane = this.#lanes.get(laneKey(entry.send));
    if (lane !== undefined) this.#remove(lane, entry);
    entry.handle.succeed({ seq: place.seq, messageId: place.messageId, timeMs: place.timeMs });
    this.#options.changed(entry.handle);
  }

  #remove(lane: Lane, entry: Entry): void {
    entry.isSettled = true;
    const at = lane.entries.indexOf(entry);
    if (at >= 0) lane.entries.splice(at, 1);
    this.#entries.delete(entry.send.clientMsgId);
    if (entry.send.isTransient === true) return;
    try {
      const removed = this.#options.store.remove(entry.send.clientMsgId);
      if (removed !== undefined) removed.catch((error: unknown) => this.#storeFailed(error));
    } catch (error) {
      this.#storeFailed(error);
    }
  }

  /** Goes on with a lane in which a place has become free, or forgets it when nothing is left. */
  #release(lane: Lane): void {
    this.#pumpLane(lane);
    this.#forgetIdle(lane);
  }

  #forgetIdle(lane: Lane): void {
    const isIdle = lane.entries.length === 0 && lane.inFlight === 0 && lane.cancelPause === undefined;
    if (isIdle && this.#lanes.get(lane.key) === lane) this.#lanes.delete(lane.key);
  }

  #storeFailed(error: unknown): void {
    this.#options.error(ParleyClientError.of('UNAVAILABLE', `the outbox store failed: ${String(error)}`, error));
  }

  #fail(entry: Entry, error: ParleyClientError): void {
    entry.handle.fail(error);
    this.#options.changed(entry.handle);
  }
}

const laneKey = (send: PendingSend): string => `${send.priority}/${send.conversation}`;

/** Acts are known by their id alone: what they did is told in other words than what was asked for. */
function isSame(send: PendingSend, { body, priority }: ConversationEvent): boolean {
  if (send.isAct === true || body?.type !== 'content') return send.isAct === true && body?.type !== 'content';
  const { content } = send;
  return send.priority === priority && body.value.length === content.length && body.value.every((byte, i) => byte === content[i]);
}
