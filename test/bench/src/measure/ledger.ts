import { type Spread, Samples } from './percentiles.js';

export interface LedgerOptions {
  /** Index of the first message. */
  readonly first: number;
  readonly messages: number;
  /** Connections that each message must reach. */
  readonly receivers: number;
  /** The latency of the last receiver only, instead of every receiver's. */
  readonly isLastOnly?: boolean;
}

/** What became of the messages, latencies in milliseconds. */
export interface LedgerResult {
  readonly acknowledged: number;
  readonly delivered: number;
  /** What is wrong, in words; empty when each message was acknowledged once and reached every receiver once. */
  readonly faults: readonly string[];
  readonly ack: Spread;
  readonly delivery: Spread;
}

/** Books every message: when it was due, whether it was acknowledged, how many it reached. */
export class Ledger {
  readonly #options: LedgerOptions;
  readonly #dueMs: Float64Array;
  readonly #acks: Uint8Array;
  readonly #arrivals: Uint16Array;
  readonly #refusals = new Map<string, number>();
  readonly #ack = new Samples();
  readonly #delivery = new Samples();
  #acknowledged = 0;
  #refused = 0;
  #delivered = 0;
  #foreign = 0;
  #whenDone: (() => void) | undefined;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#dueMs = new Float64Array(options.messages);
    this.#acks = new Uint8Array(options.messages);
    this.#arrivals = new Uint16Array(options.messages);
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  due(index: number, dueMs: number): void {
    this.#dueMs[index - this.#options.first] = dueMs;
  }

  stored(index: number, nowMs: number): void {
    const at = index - this.#options.first;
    const acks = this.#acks[at];
    if (acks === undefined) {
      this.#foreign++;
      return;
    }
    this.#acks[at] = acks + 1;
    this.#acknowledged++;
    this.#ack.add(nowMs - (this.#dueMs[at] ?? 0));
    this.#check();
  }

  refused(error: string): void {
    this.#refused++;
    this.#refusals.set(error, (this.#refusals.get(error) ?? 0) + 1);
    this.#check();
  }

  arrived(index: number, nowMs: number): void {
    const at = index - this.#options.first;
    const before = this.#arrivals[at];
    if (before === undefined) {
      this.#foreign++;
      return;
    }
    this.#arrivals[at] = before + 1;
    this.#delivered++;
    if (this.#options.isLastOnly !== true || before + 1 === this.#options.receivers) this.#delivery.add(nowMs - (this.#dueMs[at] ?? 0));
    this.#check();
  }

  /** Resolves when every message has its answer and those that were stored have reached everybody. */
  done(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenDone = resolve;
      this.#check();
    });
  }

  result(): LedgerResult {
    return {
      acknowledged: this.#acknowledged,
      delivered: this.#delivered,
      faults: this.#faults(),
      ack: this.#ack.spread(),
      delivery: this.#delivery.spread(),
    };
  }

  #check(): void {
    const { messages, receivers } = this.#options;
    if (this.#acknowledged + this.#refused < messages || this.#delivered < this.#acknowledged * receivers) return;
    this.#whenDone?.();
  }

  #faults(): readonly string[] {
    const { receivers } = this.#options;
    let unanswered = -this.#refused;
    let twice = 0;
    let missing = 0;
    let surplus = 0;
    this.#acks.forEach((acks, at) => {
      const expected = acks === 0 ? 0 : receivers;
      const arrivals = this.#arrivals[at] ?? 0;
      if (acks === 0) unanswered++;
      if (acks > 1) twice++;
      missing += Math.max(0, expected - arrivals);
      surplus += Math.max(0, arrivals - expected);
    });
    const counts: readonly (readonly [number, string])[] = [
      [unanswered, 'messages without an answer'],
      [twice, 'messages acknowledged more than once'],
      [missing, 'deliveries missing'],
      [surplus, 'deliveries too many'],
      [this.#foreign, 'answers or deliveries of other messages'],
      ...[...this.#refusals].map(([name, count]) => [count, `refused with ${name}`] as const),
    ];
    return counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  }
}
