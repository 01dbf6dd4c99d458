import type { CancelTimer, Clock } from '@parley/kernel';
import type { Counter } from '@parley/telemetry';
import type { GatewayLimits } from '../limits.js';
import type { ClientConnection } from '../sessions/client-connection.js';
import type { BundleEncoder } from './bundle.js';
import type { Chunk } from './chunk.js';
import { Outbox, type QueueIndex, queueOrder, queues } from './outbox.js';

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

/** A bulk flush may take up to a quarter of the time; the rest is for everything else. */
const bulkPauseFactor = 3;

/**
 * Writes to connections: what comes in one tick goes out together, urgent first. Writing one message to
 * thousands of connections costs as much as writing several at once, so events of large channels wait as long
 * as three such flushes take (nothing, where a flush is quick), and leave with the next ones. Whatever else is
 * written to a connection meanwhile takes them along.
 */
export class Outbound {
  readonly #deps: OutboundDeps;
  #dirty: ClientConnection[] = [];
  #isScheduled = false;
  #bulkDirty: ClientConnection[] = [];
  #cancelBulk: CancelTimer | undefined;
  #lastBulkMs = 0;

  readonly #shedLow: Count;
  readonly #shedMedium: Count;

  constructor(deps: OutboundDeps) {
    this.#deps = deps;
    this.#shedLow = deps.metrics.shed.with('socket', 'low');
    this.#shedMedium = deps.metrics.shed.with('socket', 'medium');
  }

  /** Queues what must arrive: answers and notices. A connection without room for it is stuck. */
  send(connection: ClientConnection, chunk: Chunk, queue: QueueIndex = queues.urgent): void {
    if (connection.state === 'closed') return;
    const outbox = this.#outboxOf(connection);
    if (outbox.bytesIn(queue) > this.#deps.limits.urgentBytesMax) {
      this.#deps.onStuck(connection);
      return;
    }
    const isLong = outbox.add(queue, chunk, this.#deps.limits.bundleBytesMax);
    this.#added(connection, outbox, isLong && queue, false);
  }

  /** Queues an event, within the budget of its queue. */
  sendEvent(connection: ClientConnection, event: OutboundEvent): void {
    if (connection.state === 'closed') return;
    const outbox = this.#outboxOf(connection);
    const { queue, chunk } = event;
    if (outbox.congestedSinceMs !== undefined && !this.#hasRoom(connection, outbox, event)) return;
    const isLong = outbox.add(queue, chunk, this.#deps.limits.bundleBytesMax);
    if (queue === queues.low) outbox.noteLow(event.conversation, event.seq);
    this.#added(connection, outbox, isLong && queue, event.isBulk);
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
    this.#schedule(connection, connection.outbox);
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
    this.#dirty = [];
    this.#bulkDirty = [];
  }

  #outboxOf(connection: ClientConnection): Outbox {
    connection.outbox ??= new Outbox();
    return connection.outbox;
  }

  /** `long`: the queue that has got long by it, if it has. */
  #added(connection: ClientConnection, outbox: Outbox, long: QueueIndex | false, isBulk: boolean): void {
    if (outbox.congestedSinceMs !== undefined) return;
    // More in one tick than a budget holds: either the network takes it, or the connection counts as congested.
    if (long !== false && outbox.bytesIn(long) > this.#deps.limits.normalBytesMax) this.#flush(connection);
    else if (isBulk) this.#scheduleBulk(connection, outbox);
    else this.#schedule(connection, outbox);
  }

  #schedule(connection: ClientConnection, outbox: Outbox): void {
    if (outbox.isDirty) return;
    outbox.isDirty = true;
    this.#dirty.push(connection);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#flushAll());
  }

  #scheduleBulk(connection: ClientConnection, outbox: Outbox): void {
    if (outbox.isDirty || outbox.isBulkDirty) return;
    outbox.isBulkDirty = true;
    this.#bulkDirty.push(connection);
    if (this.#cancelBulk !== undefined) return;
    const delayMs = Math.min(this.#lastBulkMs * bulkPauseFactor, this.#deps.limits.coalesceMsMax);
    this.#cancelBulk = this.#deps.clock.setTimer(delayMs, () => this.#flushBulk());
  }

  #flushAll(): void {
    this.#isScheduled = false;
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const connection of dirty) this.#flush(connection);
  }

  #flushBulk(): void {
    const { clock } = this.#deps;
    const startedMs = clock.monotonic();
    this.#cancelBulk = undefined;
    const dirty = this.#bulkDirty;
    this.#bulkDirty = [];
    for (const connection of dirty) {
      if (connection.outbox?.isBulkDirty === true) this.#flush(connection);
    }
    this.#lastBulkMs = clock.monotonic() - startedMs;
  }

  #flush(connection: ClientConnection): void {
    const { outbox } = connection;
    if (outbox === undefined) return;
    outbox.isDirty = false;
    outbox.isBulkDirty = false;
    if (connection.state === 'closed') return;
    for (const queue of queueOrder) {
      while (outbox.bytesIn(queue) > 0) {
        if (this.#isCongested(connection, outbox)) return;
        this.#write(connection, outbox, queue);
      }
    }
    if (outbox.hasNotices && !this.#isCongested(connection, outbox)) {
      for (const chunk of outbox.takeNotices()) outbox.add(queues.normal, chunk, this.#deps.limits.bundleBytesMax);
      this.#write(connection, outbox, queues.normal);
      if (!outbox.isEmpty) this.#schedule(connection, outbox);
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

function budgetOf(limits: GatewayLimits, queue: QueueIndex): number {
  if (queue === queues.urgent) return limits.urgentBytesMax;
  return queue === queues.normal ? limits.normalBytesMax : limits.lowBytesMax;
}
