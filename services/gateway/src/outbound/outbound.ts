import type { CancelTimer, Clock } from '@parley/kernel';
import type { Counter } from '@parley/telemetry';
import type { GatewayLimits } from '../limits.js';
import type { ClientConnection } from '../sessions/client-connection.js';
import type { BundleEncoder } from './bundle.js';
import { type Chunk, chunkOf } from './chunk.js';
import { Outbox, type QueueIndex, queueNames, queueOrder, queues } from './outbox.js';

/** An event on its way to many connections. */
export interface OutboundEvent {
  readonly chunk: Chunk;
  readonly queue: QueueIndex;
  readonly conversation: string;
  /** 0 for what is not stored: it can be shed, but not fetched again. */
  readonly seq: number;
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

/** A flush that took less than this is followed by the next one at once. */
const busyFlushMs = 2;

/**
 * Writes to connections: what comes in one tick goes out together, urgent first. While the loop is busy
 * flushes are put off a little (as long as the last one took), so that more is written at once.
 */
export class Outbound {
  readonly #deps: OutboundDeps;
  #dirty: ClientConnection[] = [];
  #isScheduled = false;
  #lastFlushMs = 0;
  #cancelTimer: CancelTimer | undefined;

  constructor(deps: OutboundDeps) {
    this.#deps = deps;
  }

  /** Queues what must arrive: answers and notices. A connection without room for it is stuck. */
  send(connection: ClientConnection, chunk: Chunk, queue: QueueIndex = queues.urgent): void {
    if (connection.state === 'closed') return;
    const outbox = this.#outboxOf(connection);
    if (outbox.bytesIn(queue) > this.#deps.limits.urgentBytesMax) {
      this.#deps.onStuck(connection);
      return;
    }
    this.#add(connection, outbox, queue, chunk);
  }

  /** Queues an event, within the budget of its queue. */
  sendEvent(connection: ClientConnection, event: OutboundEvent): void {
    if (connection.state === 'closed') return;
    const { limits, metrics } = this.#deps;
    const outbox = this.#outboxOf(connection);
    const { queue, chunk } = event;
    if (outbox.congestedSinceMs === undefined || outbox.bytesIn(queue) + chunk.bytes.length <= budgetOf(limits, queue)) {
      this.#add(connection, outbox, queue, chunk);
    } else if (event.seq > 0) {
      outbox.mark(event.conversation, event.seq, limits.marksMax);
      metrics.marked.add(1);
    } else if (queue === queues.urgent) {
      this.#deps.onStuck(connection);
    } else {
      metrics.shed.add(1, queueNames[queue]);
    }
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
    this.#cancelTimer?.();
    this.#dirty = [];
  }

  #outboxOf(connection: ClientConnection): Outbox {
    connection.outbox ??= new Outbox();
    return connection.outbox;
  }

  #add(connection: ClientConnection, outbox: Outbox, queue: QueueIndex, chunk: Chunk): void {
    outbox.add(queue, chunk, this.#deps.limits.bundleBytesMax);
    if (outbox.congestedSinceMs === undefined) this.#schedule(connection, outbox);
  }

  #schedule(connection: ClientConnection, outbox: Outbox): void {
    if (outbox.isDirty) return;
    outbox.isDirty = true;
    this.#dirty.push(connection);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const flush = (): void => this.#flushAll();
    if (this.#lastFlushMs < busyFlushMs) setImmediate(flush);
    else this.#cancelTimer = this.#deps.clock.setTimer(Math.min(this.#lastFlushMs, this.#deps.limits.coalesceMsMax), flush);
  }

  #flushAll(): void {
    const { clock } = this.#deps;
    const startedMs = clock.monotonic();
    this.#isScheduled = false;
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const connection of dirty) this.#flush(connection);
    this.#lastFlushMs = clock.monotonic() - startedMs;
  }

  #flush(connection: ClientConnection): void {
    const { outbox } = connection;
    if (outbox === undefined) return;
    outbox.isDirty = false;
    if (connection.state === 'closed') return;
    for (const queue of queueOrder) {
      while (outbox.bytesIn(queue) > 0) {
        if (this.#isCongested(connection, outbox)) return;
        this.#write(connection, outbox, queue);
      }
    }
    if (outbox.hasMarks && !this.#isCongested(connection, outbox)) {
      for (const frame of outbox.takeMarks()) outbox.add(queues.normal, chunkOf(frame), this.#deps.limits.bundleBytesMax);
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
