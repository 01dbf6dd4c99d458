import type { CancelTimer, Clock } from '@parley/kernel';
import type { Counter } from '@parley/telemetry';
import type { GatewayLimits } from '../limits.js';
import type { ClientConnection } from '../sessions/client-connection.js';
import type { BundleEncoder } from './bundle.js';
import type { Chunk } from './chunk.js';
import { FlushPass } from './flush-pass.js';
import { Outbox, type PassIndex, passes, type QueueIndex, queueOrder, queues } from './outbox.js';

/** An event on its way to many connections. */
export interface OutboundEvent {
  readonly chunk: Chunk;
  readonly queue: QueueIndex;
  readonly conversation: string;
  /** 0 for what is not stored: it can be shed, but not fetched again. */
  readonly seq: number;
  /** Numbers of a room, which the next ones replace. */
  readonly isTally: boolean;
  /** Goes to very many connections and may wait a moment for others like it. */
  readonly isBulk: boolean;
}

type Count = ReturnType<Counter['with']>;

export interface OutboundDeps {
  readonly encoder: BundleEncoder;
  readonly limits: GatewayLimits;
  readonly clock: Clock;
  readonly metrics: {
    readonly messagesOut: Count;
    readonly bytesOut: Count;
    readonly marked: Count;
    readonly shed: Counter;
  };
  /** The connection cannot take what must not be dropped. */
  readonly onStuck: (connection: ClientConnection) => void;
}

/** Answers of one connection that wait for room, in the order in which they came. */
interface WaitingAnswers {
  readonly wakes: (() => void)[];
  bytes: number;
}

/** A bulk flush may take up to a quarter of the time; the rest is for everything else. */
const bulkPauseFactor = 3;

/**
 * Writes to connections in passes: those first that have something urgent, then the others, each with all that waits
 * for it. Writing one message to a connection costs as much as writing several, and what comes while a pass goes
 * on joins it, so under load messages are written together and a message gets cheaper. Between two
 * passes over large channels there is a pause on purpose, three times as long as the pass took (nothing, where that is
 * quick); what is rare does not wait, and whatever else is written to a connection takes along what waits for it.
 */
export class Outbound {
  readonly #deps: OutboundDeps;
  /** Connections with something urgent, which are written to before all others. */
  readonly #urgent: FlushPass;
  readonly #normal: FlushPass;
  #isScheduled = false;
  /** What the next flush of large channels takes; while one is under way it waits for it to end. */
  #bulkDirty: FlushPass;
  #bulkPass: FlushPass;
  #isBulkUnderWay = false;
  #cancelBulk: CancelTimer | undefined;
  #bulkMs = 0;
  #lastBulkMs = 0;
  #lastBulkEndedMs = 0;

  readonly #shedLow: Count;
  readonly #shedMedium: Count;
  /** Answers that wait for room, by their connection. */
  readonly #waiting = new Map<ClientConnection, WaitingAnswers>();

  constructor(deps: OutboundDeps) {
    this.#deps = deps;
    this.#urgent = new FlushPass(deps.clock);
    this.#normal = new FlushPass(deps.clock);
    this.#bulkDirty = new FlushPass(deps.clock);
    this.#bulkPass = new FlushPass(deps.clock);
    this.#shedLow = deps.metrics.shed.with('socket', 'low');
    this.#shedMedium = deps.metrics.shed.with('socket', 'medium');
  }

  /** Queues what must arrive: answers and notices. A connection without room for it is stuck. */
  send(connection: ClientConnection, chunk: Chunk, queue: QueueIndex = queues.urgent): void {
    if (connection.state === 'closed') return;
    const outbox = this.#outboxOf(connection);
    const { answersBytesMax, urgentBytesMax } = this.#deps.limits;
    if (outbox.bytesIn(queue) > (queue === queues.normal ? answersBytesMax : urgentBytesMax)) {
      this.#deps.onStuck(connection);
      return;
    }
    const isLong = outbox.add(queue, chunk, this.#deps.limits.bundleBytesMax);
    this.#added(connection, outbox, isLong && queue, passOf(queue, false));
  }

  /**
   * Queues an answer that may be large, once what stands before it is little. False where too much waits already: the client
   * is to ask again. One that reads nothing at all is closed, and nobody waits for it any more.
   */
  async sendAnswer(connection: ClientConnection, chunk: Chunk): Promise<boolean> {
    while (connection.state !== 'closed' && !this.#hasRoomForAnswer(connection)) {
      const waiting = this.#waiting.get(connection) ?? { wakes: [], bytes: 0 };
      if (waiting.bytes > 0 && waiting.bytes + chunk.bytes.length > this.#deps.limits.answersWaitingBytesMax) return false;
      waiting.bytes += chunk.bytes.length;
      this.#waiting.set(connection, waiting);
      await new Promise<void>((resolve) => void waiting.wakes.push(resolve));
    }
    this.send(connection, chunk, queues.normal);
    return true;
  }

  #hasRoomForAnswer({ outbox }: ClientConnection): boolean {
    return outbox === undefined || outbox.bytesIn(queues.normal) <= this.#deps.limits.normalBytesMax;
  }

  /** The connection is gone: nobody need wait for it. */
  forget(connection: ClientConnection): void {
    const waiting = this.#waiting.get(connection);
    this.#waiting.delete(connection);
    for (const wake of waiting?.wakes ?? []) wake();
  }

  /** Each of them looks again for room, in the order in which they came. */
  #wakeAnswers(connection: ClientConnection): void {
    if (this.#waiting.size > 0 && this.#waiting.has(connection) && this.#hasRoomForAnswer(connection)) this.forget(connection);
  }

  /** Queues an event, within the budget of its queue. */
  sendEvent(connection: ClientConnection, event: OutboundEvent): void {
    if (connection.state === 'closed') return;
    const outbox = this.#outboxOf(connection);
    const { queue, chunk } = event;
    if (outbox.congestedSinceMs !== undefined && !this.#hasRoom(connection, outbox, event)) return;
    const isLong = outbox.add(queue, chunk, this.#deps.limits.bundleBytesMax);
    if (queue === queues.low) outbox.noteLow(event.conversation, event.seq);
    this.#added(connection, outbox, isLong && queue, passOf(queue, event.isBulk));
  }

  /** Of a congested connection: whether the event may be queued. If not, it is dealt with. */
  #hasRoom(connection: ClientConnection, outbox: Outbox, event: OutboundEvent): boolean {
    const { limits, metrics } = this.#deps;
    const { queue, chunk, conversation, seq } = event;
    if (event.isTally) {
      outbox.putTally(conversation, chunk);
      return false;
    }
    if (outbox.bytesIn(queue) + chunk.bytes.length <= budgetOf(limits, queue)) return true;
    if (queue === queues.low) {
      // The newest are worth the most.
      this.#shedLow.add(outbox.dropLow(limits.marksMax));
      return true;
    }
    if (seq > 0) {
      outbox.mark(conversation, seq, limits.marksMax);
      metrics.marked.add(1);
    } else if (queue === queues.urgent) {
      this.#deps.onStuck(connection);
    } else {
      outbox.dropMedium();
      this.#shedMedium.add(1);
    }
    return false;
  }

  /** The network has taken everything that was written to the connection. */
  drained(connection: ClientConnection): void {
    if (connection.outbox === undefined) return;
    connection.outbox.congestedSinceMs = undefined;
    this.#schedule(connection, connection.outbox, passes.normal);
  }

  /** Writes what is queued now, however congested: the last words before closing. */
  flushNow(connection: ClientConnection): void {
    const { outbox } = connection;
    if (outbox === undefined) return;
    for (const queue of queueOrder) {
      for (let bundle = outbox.take(queue); bundle !== undefined; bundle = outbox.take(queue)) {
        connection.edge.send(bundle.message(connection.isJson, this.#deps.encoder));
      }
    }
  }

  stop(): void {
    this.#cancelBulk?.();
    for (const pass of [this.#urgent, this.#normal, this.#bulkDirty, this.#bulkPass]) pass.clear();
  }

  #outboxOf(connection: ClientConnection): Outbox {
    connection.outbox ??= new Outbox();
    return connection.outbox;
  }

  /** `long`: the queue that has got long by it, if it has. */
  #added(connection: ClientConnection, outbox: Outbox, long: QueueIndex | false, pass: PassIndex): void {
    if (outbox.congestedSinceMs !== undefined) return;
    // More in one tick than a budget holds: either the network takes it, or the connection counts as congested.
    if (long !== false && outbox.bytesIn(long) > this.#deps.limits.normalBytesMax) this.#flush(connection);
    else this.#schedule(connection, outbox, pass);
  }

  /** A connection that another pass comes to sooner is written to by that one. */
  #schedule(connection: ClientConnection, outbox: Outbox, pass: PassIndex): void {
    if (outbox.nextPass !== undefined && outbox.nextPass <= pass) return;
    outbox.nextPass = pass;
    if (pass === passes.bulk) {
      this.#bulkDirty.add(connection);
      this.#startBulkLater();
      return;
    }
    (pass === passes.urgent ? this.#urgent : this.#normal).add(connection);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#flushAll());
  }

  #startBulkLater(): void {
    if (this.#isBulkUnderWay) return;
    this.#isBulkUnderWay = true;
    const { clock, limits } = this.#deps;
    const pauseMs = Math.min(this.#lastBulkMs * bulkPauseFactor, limits.coalesceMsMax);
    const delayMs = Math.max(0, this.#lastBulkEndedMs + pauseMs - clock.monotonic());
    this.#cancelBulk = clock.setTimer(delayMs, () => this.#startBulk());
  }

  #flushAll(): void {
    const isDone =
      this.#urgent.run((connection) => this.#flushIn(connection, passes.urgent)) &&
      this.#normal.run((connection) => this.#flushIn(connection, passes.normal));
    this.#isScheduled = !isDone;
    if (!isDone) setImmediate(() => this.#flushAll());
  }

  #startBulk(): void {
    this.#cancelBulk = undefined;
    [this.#bulkPass, this.#bulkDirty] = [this.#bulkDirty, this.#bulkPass];
    this.#bulkMs = 0;
    this.#flushBulk();
  }

  #flushBulk(): void {
    const { clock } = this.#deps;
    const startedMs = clock.monotonic();
    const isDone = this.#bulkPass.run((connection) => this.#flushIn(connection, passes.bulk));
    this.#bulkMs += clock.monotonic() - startedMs;
    if (!isDone) {
      setImmediate(() => this.#flushBulk());
      return;
    }
    this.#lastBulkMs = this.#bulkMs;
    this.#lastBulkEndedMs = clock.monotonic();
    this.#isBulkUnderWay = false;
    if (!this.#bulkDirty.isEmpty) this.#startBulkLater();
  }

  #flushIn(connection: ClientConnection, pass: PassIndex): void {
    if (connection.outbox?.nextPass === pass) this.#flush(connection);
  }

  #flush(connection: ClientConnection): void {
    const { outbox } = connection;
    if (outbox === undefined) return;
    outbox.nextPass = undefined;
    if (connection.state === 'closed') return;
    for (const queue of queueOrder) {
      while (outbox.bytesIn(queue) > 0) {
        if (this.#isCongested(connection, outbox)) {
          this.#wakeAnswers(connection);
          return;
        }
        this.#write(connection, outbox, queue);
      }
    }
    this.#wakeAnswers(connection);
    if (outbox.hasNotices && !this.#isCongested(connection, outbox)) {
      for (const chunk of outbox.takeNotices()) outbox.add(queues.normal, chunk, this.#deps.limits.bundleBytesMax);
      this.#write(connection, outbox, queues.normal);
      if (!outbox.isEmpty) this.#schedule(connection, outbox, passes.normal);
    }
  }

  #write(connection: ClientConnection, outbox: Outbox, queue: QueueIndex): void {
    const message = outbox.take(queue)?.message(connection.isJson, this.#deps.encoder);
    if (message === undefined) return;
    connection.edge.send(message);
    this.#deps.metrics.messagesOut.add(1);
    this.#deps.metrics.bytesOut.add(message.byteLength);
  }

  #isCongested(connection: ClientConnection, outbox: Outbox): boolean {
    if (connection.edge.bufferedBytes <= this.#deps.limits.congestedBytes) return false;
    outbox.congestedSinceMs ??= this.#deps.clock.monotonic();
    return true;
  }
}

const passOf = (queue: QueueIndex, isBulk: boolean): PassIndex =>
  isBulk ? passes.bulk : queue === queues.urgent ? passes.urgent : passes.normal;

function budgetOf(limits: GatewayLimits, queue: QueueIndex): number {
  if (queue === queues.urgent) return limits.urgentBytesMax;
  return queue === queues.normal ? limits.normalBytesMax : limits.lowBytesMax;
}
