import type { ServerFrameInit } from '@parley/wire';
import { type Bundle, emptyBundle } from './bundle.js';
import type { Chunk } from './chunk.js';

/** Queues of a connection, most urgent first. */
export const queues = { urgent: 0, normal: 1, low: 2 } as const;
export type QueueIndex = (typeof queues)[keyof typeof queues];
export const queueOrder = [queues.urgent, queues.normal, queues.low] as const;

/** What waits to be written to one connection. Idle connections have none. */
export class Outbox {
  /** When the connection became congested (monotonic milliseconds); undefined while it flows. */
  congestedSinceMs: number | undefined = undefined;
  /** In the list of the next flush. */
  isDirty = false;
  /** In the list of the next bulk flush. */
  isBulkDirty = false;
  /** The bundle of each queue that still takes chunks. */
  readonly #open: [Bundle, Bundle, Bundle] = [emptyBundle, emptyBundle, emptyBundle];
  /** Finished bundles that stand before it. */
  #full: readonly [Bundle[], Bundle[], Bundle[]] | undefined = undefined;
  /** Conversations whose stored events were left out, with the head that the client must be told. */
  #marks: Map<string, number> | undefined = undefined;
  #isResyncDue = false;

  /** Nothing waits and nothing is owed. */
  get isIdle(): boolean {
    return this.isEmpty && this.congestedSinceMs === undefined && !this.isDirty && !this.isBulkDirty && !this.hasMarks;
  }

  get isEmpty(): boolean {
    return queueOrder.every((queue) => this.bytesIn(queue) === 0);
  }

  get hasMarks(): boolean {
    return this.#isResyncDue || this.#marks !== undefined;
  }

  bytesIn(queue: QueueIndex): number {
    let bytes = this.#open[queue].byteLength;
    if (this.#full !== undefined) for (const bundle of this.#full[queue]) bytes += bundle.byteLength;
    return bytes;
  }

  add(queue: QueueIndex, chunk: Chunk, bundleBytesMax: number): void {
    const open = this.#open[queue];
    if (open !== emptyBundle && open.byteLength + chunk.bytes.length > bundleBytesMax) {
      this.#full ??= [[], [], []];
      this.#full[queue].push(open);
      this.#open[queue] = emptyBundle.append(chunk);
    } else {
      this.#open[queue] = open.append(chunk);
    }
  }

  /** Takes the queue's next bundle out. */
  take(queue: QueueIndex): Bundle | undefined {
    const full = this.#full?.[queue].shift();
    if (full !== undefined) return full;
    const open = this.#open[queue];
    if (open === emptyBundle) return undefined;
    this.#open[queue] = emptyBundle;
    return open;
  }

  /** Notes that a stored event was left out. Past `marksMax` conversations the client is told to sync instead. */
  mark(conversation: string, seq: number, marksMax: number): void {
    if (this.#isResyncDue) return;
    this.#marks ??= new Map();
    this.#marks.set(conversation, Math.max(seq, this.#marks.get(conversation) ?? 0));
    if (this.#marks.size > marksMax) this.markResync();
  }

  markResync(): void {
    this.#isResyncDue = true;
    this.#marks = undefined;
  }

  /** What the client must be told about the events that were left out. */
  takeMarks(): ServerFrameInit[] {
    const marks = [...(this.#marks ?? [])];
    const isResyncDue = this.#isResyncDue;
    this.#marks = undefined;
    this.#isResyncDue = false;
    if (isResyncDue) return [{ body: { type: 'resyncNeeded', value: {} } }];
    return marks.map(([conversation, headSeq]) => ({ body: { type: 'headMoved', value: { conversation, headSeq } } }));
  }
}
