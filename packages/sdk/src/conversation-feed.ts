/** Seqs that were passed over; `toSeq` included. */
export interface SkippedRange {
  readonly fromSeq: number;
  readonly toSeq: number;
}

/** What is missing: everything from `fromSeq` up to `headSeq`, both included. */
export interface MissingRange {
  readonly fromSeq: number;
  readonly headSeq: number;
}

/**
 * Puts the events of one conversation in order: hands on each `seq` exactly once and keeps what came too early.
 * Until `startAfter` has said where the client begins, everything is kept. No I/O, no timers.
 */
export class ConversationFeed<Item extends { readonly seq: number }> {
  readonly conversation: string;
  readonly #heldMax: number;
  readonly #deliver: (event: Item) => void;
  readonly #held = new Map<number, Item>();
  #last: number | undefined;
  #head = 0;

  constructor(conversation: string, heldMax: number, deliver: (event: Item) => void) {
    this.conversation = conversation;
    this.#heldMax = heldMax;
    this.#deliver = deliver;
  }

  /** The last seq that was handed on or passed over; undefined before `startAfter`. */
  get lastSeq(): number | undefined {
    return this.#last;
  }

  /** The highest seq that is known to exist. */
  get headSeq(): number {
    return this.#head;
  }

  get missing(): MissingRange | undefined {
    if (this.#last === undefined || this.#head <= this.#last) return undefined;
    return { fromSeq: this.#last + 1, headSeq: this.#head };
  }

  get lowestHeldSeq(): number | undefined {
    return this.#held.size === 0 ? undefined : Math.min(...this.#held.keys());
  }

  /** Sets the beginning, once; what is held behind it is handed on. */
  startAfter(seq: number): void {
    if (this.#last !== undefined) return;
    this.#last = seq;
    for (const held of [...this.#held.keys()]) if (held <= seq) this.#held.delete(held);
    this.#drain();
  }

  /** Learns that events up to `seq` exist. */
  noteHead(seq: number): void {
    if (seq > this.#head) this.#head = seq;
  }

  /** Takes an event from any source. */
  offer(event: Item): void {
    const { seq } = event;
    this.noteHead(seq);
    if (this.#last !== undefined && seq <= this.#last) return;
    if (this.#last !== undefined && seq === this.#last + 1) {
      this.#handOn(event);
      this.#drain();
      return;
    }
    // Beyond the bound only the head is remembered: the event will be fetched.
    if (this.#held.size < this.#heldMax) this.#held.set(seq, event);
  }

  /**
   * Takes a page of history, which is complete up to `coveredSeq`, and hands on everything up to there. `skip` is
   * called, in its place in the order, for seqs that neither the page nor the live stream had.
   */
  fill(events: readonly Item[], coveredSeq: number, skip: (range: SkippedRange) => void): void {
    for (const event of events) this.#held.set(event.seq, event);
    for (const seq of [...this.#held.keys()].sort((a, b) => a - b)) {
      if (seq > coveredSeq) break;
      const event = this.#held.get(seq);
      this.#held.delete(seq);
      if (event === undefined || seq <= (this.#last ?? 0)) continue;
      this.noteHead(seq);
      this.#skipTo(seq - 1, skip);
      this.#handOn(event);
    }
    this.#skipTo(coveredSeq, skip);
    this.#drain();
  }

  #skipTo(seq: number, skip: (range: SkippedRange) => void): void {
    const last = this.#last ?? 0;
    if (seq <= last) return;
    this.#last = seq;
    skip({ fromSeq: last + 1, toSeq: seq });
  }

  #drain(): void {
    for (;;) {
      const next = (this.#last ?? 0) + 1;
      const event = this.#held.get(next);
      if (event === undefined) return;
      this.#held.delete(next);
      this.#handOn(event);
    }
  }

  #handOn(event: Item): void {
    this.#last = event.seq;
    this.#deliver(event);
  }
}
