import { Priority, type ServerFrameInit } from '@parley/wire';
import { type Bundle, emptyBundle } from './bundle.js';
import { type Chunk, chunkOf } from './chunk.js';

/** Queues of a connection, most urgent first. */
export const queues = { urgent: 0, normal: 1, low: 2 } as const;
export type QueueIndex = (typeof queues)[keyof typeof queues];
export const queueOrder = [queues.urgent, queues.normal, queues.low] as const;

/** Passes over connections that are to be written to, most urgent first. */
export const passes = { urgent: 0, normal: 1, bulk: 2 } as const;
export type PassIndex = (typeof passes)[keyof typeof passes];

/** What waits to be written to one connection. Idle connections have none. */
export class Outbox {
  /** When the connection became congested (monotonic milliseconds); undefined while it flows. */
  congestedSinceMs: number | undefined = undefined;
  /** The pass that writes to it next; undefined when there is nothing to write. */
  nextPass: PassIndex | undefined = undefined;
  /** The bundle of each queue that still takes chunks. */
  readonly #open: [Bundle, Bundle, Bundle] = [emptyBundle, emptyBundle, emptyBundle];
  /** Finished bundles that stand before it. */
  #full: readonly [Bundle[], Bundle[], Bundle[]] | undefined = undefined;
  /** Conversations whose stored events were left out, with the head that the client must be told. */
  #marks: Map<string, number> | undefined = undefined;
  #isResyncDue = false;
  /** Newest tally of each room, while the connection is congested. */
  #tallies: Map<string, Chunk> | undefined = undefined;
  /** Transient events in the open bundle of the low queue, in those before it, and the heads of stored ones. */
  #lowOpen = 0;
  #lowFull: number[] | undefined = undefined;
  #lowStored: Map<string, number> | undefined = undefined;
  /** Transient events that were left out since the client was last told. */
  #droppedLow = 0;
  #droppedMedium = 0;

  /** Nothing waits and nothing is owed. */
  get isIdle(): boolean {
    return this.isEmpty && this.congestedSinceMs === undefined && this.nextPass === undefined && !this.hasNotices;
  }

  get isEmpty(): boolean {
    return queueOrder.every((queue) => this.bytesIn(queue) === 0);
  }

  /** The client must be told of what was left out. */
  get hasNotices(): boolean {
    const isMarked = this.#isResyncDue || this.#marks !== undefined || this.#tallies !== undefined;
    return isMarked || this.#droppedLow > 0 || this.#droppedMedium > 0;
  }

  bytesIn(queue: QueueIndex): number {
    let bytes = this.#open[queue].byteLength;
    if (this.#full !== undefined) for (const bundle of this.#full[queue]) bytes += bundle.byteLength;
    return bytes;
  }

  /** Answers whether the queue has got long: another bundle of it is full. */
  add(queue: QueueIndex, chunk: Chunk, bundleBytesMax: number): boolean {
    const open = this.#open[queue];
    if (open === emptyBundle || open.byteLength + chunk.bytes.length <= bundleBytesMax) {
      this.#open[queue] = open.append(chunk);
      return false;
    }
    this.#full ??= [[], [], []];
    this.#full[queue].push(open);
    this.#open[queue] = emptyBundle.append(chunk);
    if (queue === queues.low) {
      this.#lowFull ??= [];
      this.#lowFull.push(this.#lowOpen);
      this.#lowOpen = 0;
    }
    return true;
  }

  /** Notes what was just added to the low queue, for the case that the queue is dropped. */
  noteLow(conversation: string, seq: number): void {
    if (seq === 0) {
      this.#lowOpen++;
      return;
    }
    this.#lowStored ??= new Map();
    this.#lowStored.set(conversation, Math.max(seq, this.#lowStored.get(conversation) ?? 0));
  }

  /** Drops the low queue, so that what comes now has room; answers how many transient events were in it. */
  dropLow(marksMax: number): number {
    const dropped = (this.#lowFull ?? []).reduce((sum, count) => sum + count, this.#lowOpen);
    // Some of the stored ones may have been sent before; telling their heads again does no harm.
    for (const [conversation, seq] of this.#lowStored ?? []) this.mark(conversation, seq, marksMax);
    this.#full?.[queues.low].splice(0);
    this.#lowFull = undefined;
    this.#openLow();
    this.#droppedLow += dropped;
    return dropped;
  }

  /** A transient event that there was no room for. */
  dropMedium(): void {
    this.#droppedMedium++;
  }

  /** Of a room's tallies only the newest counts. */
  putTally(conversation: string, chunk: Chunk): void {
    this.#tallies ??= new Map();
    this.#tallies.set(conversation, chunk);
  }

  /** Takes the queue's next bundle out. */
  take(queue: QueueIndex): Bundle | undefined {
    const full = this.#full?.[queue].shift();
    if (full !== undefined) {
      if (queue === queues.low) this.#lowFull?.shift();
      return full;
    }
    const open = this.#open[queue];
    if (open === emptyBundle) return undefined;
    if (queue === queues.low) this.#openLow();
    else this.#open[queue] = emptyBundle;
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

  /** What the client must be told about what was left out: how far to fetch, the newest tallies, what is lost. */
  takeNotices(): Chunk[] {
    const chunks = this.#takeMarks().map(chunkOf);
    chunks.push(...(this.#tallies?.values() ?? []));
    this.#tallies = undefined;
    if (this.#droppedLow > 0 || this.#droppedMedium > 0) chunks.push(this.#takeDropped());
    return chunks;
  }

  #takeMarks(): ServerFrameInit[] {
    const marks = [...(this.#marks ?? [])];
    const isResyncDue = this.#isResyncDue;
    this.#marks = undefined;
    this.#isResyncDue = false;
    if (isResyncDue) return [{ body: { type: 'resyncNeeded', value: {} } }];
    return marks.map(([conversation, headSeq]) => ({ body: { type: 'headMoved', value: { conversation, headSeq } } }));
  }

  #openLow(): void {
    this.#open[queues.low] = emptyBundle;
    this.#lowOpen = 0;
    this.#lowStored = undefined;
  }

  #takeDropped(): Chunk {
    const counts = [
      { priority: Priority.LOW, count: this.#droppedLow },
      { priority: Priority.MEDIUM, count: this.#droppedMedium },
    ].filter(({ count }) => count > 0);
    this.#droppedLow = 0;
    this.#droppedMedium = 0;
    return chunkOf({ body: { type: 'messagesDropped', value: { counts } } });
  }
}
