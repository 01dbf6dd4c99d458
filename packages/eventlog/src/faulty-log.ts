import type { Random } from '@parley/kernel';
import { AppendUnknownError } from './errors.js';
import type { Appended, EventLog, FollowOptions, NewRecord, StoredRecord } from './port.js';

/** What goes wrong with one append. */
export type AppendFault =
  /** Refused definitely; nothing is appended. */
  | { readonly type: 'refused'; readonly error?: Error }
  /**
   * {@link AppendUnknownError}. The records are appended at once, never, or late: behind the next
   * `afterAppends` appends to the same partition (1 by default), or when `settle` is called.
   */
  | { readonly type: 'unknown'; readonly applied: 'at-once' | 'never' | 'late'; readonly afterAppends?: number }
  /** Appended at once, but the answer comes only with the promise. */
  | { readonly type: 'delayed'; readonly until: Promise<void> };

export interface AppendCall {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly NewRecord[];
}

export interface Delivery {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly StoredRecord[];
}

/** Decides, call by call, what goes wrong; undefined lets the call through. */
export interface LogFaults {
  readonly onAppend?: (call: AppendCall) => AppendFault | undefined;
  /** A promise holds the delivery back until it resolves; its rejection ends the follower. */
  readonly onDelivery?: (delivery: Delivery) => Promise<void> | undefined;
}

/** A log on which things go wrong on demand. */
export interface FaultyLog extends EventLog {
  /** Appends everything that was to be late, in the order of the calls. */
  settle(): Promise<void>;
}

/** Wraps a log; the faults are whatever `faults` says, so a run is as repeatable as that. */
export function createFaultyLog(inner: EventLog, faults: LogFaults): FaultyLog {
  const late = new LateAppends(inner);
  return {
    append: (topic, partition, records) => {
      const call = { topic, partition, records };
      return appendWith(faults.onAppend?.(call), { inner, late, call });
    },
    follow: (topic, partition, options) => inner.follow(topic, partition, heldBack(topic, partition, options, faults)),
    settle: () => late.settle(),
    createTopics: (specs) => inner.createTopics(specs),
    read: (topic, partition, from, options) => inner.read(topic, partition, from, options),
    range: (topic, partition) => inner.range(topic, partition),
    ranges: (topic) => inner.ranges(topic),
    trim: (topic, partition, before) => inner.trim(topic, partition, before),
    scrub: () => inner.scrub(),
    join: (options) => inner.join(options),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };
}

/** How often `randomFaults` makes what go wrong, each from 0 to 1; together at most 1. */
export interface FaultRates {
  readonly refused?: number;
  readonly unknownAtOnce?: number;
  readonly unknownNever?: number;
  readonly unknownLate?: number;
}

/** Faults drawn from a random sequence: the same seed gives the same faults. */
export function randomFaults(random: Random, rates: FaultRates): LogFaults {
  const table: readonly (readonly [number, AppendFault])[] = [
    [rates.refused ?? 0, { type: 'refused' }],
    [rates.unknownAtOnce ?? 0, { type: 'unknown', applied: 'at-once' }],
    [rates.unknownNever ?? 0, { type: 'unknown', applied: 'never' }],
    [rates.unknownLate ?? 0, { type: 'unknown', applied: 'late' }],
  ];
  return {
    onAppend: () => {
      let draw = random.next();
      for (const [rate, fault] of table) {
        if (draw < rate) return fault;
        draw -= rate;
      }
      return undefined;
    },
  };
}

interface AppendContext {
  readonly inner: EventLog;
  readonly late: LateAppends;
  readonly call: AppendCall;
}

async function appendWith(fault: AppendFault | undefined, { inner, late, call }: AppendContext): Promise<Appended> {
  const append = async (): Promise<Appended> => {
    const appended = inner.append(call.topic, call.partition, call.records);
    late.countAppend(call);
    return await appended;
  };
  switch (fault?.type) {
    case undefined:
      return await append();
    case 'refused':
      throw fault.error ?? new Error(`${call.topic}[${call.partition}]: refused by a planned fault`);
    case 'delayed': {
      const appended = await append();
      await fault.until;
      return appended;
    }
    case 'unknown':
      if (fault.applied === 'at-once') await append();
      if (fault.applied === 'late') late.add(call, fault.afterAppends ?? 1);
      throw new AppendUnknownError(`${call.topic}[${call.partition}]: outcome hidden by a planned fault`);
  }
}

function heldBack(topic: string, partition: number, options: FollowOptions, faults: LogFaults): FollowOptions {
  const { onDelivery } = faults;
  if (onDelivery === undefined) return options;
  return {
    ...options,
    onRecords: (records) => {
      const hold = onDelivery({ topic, partition, records });
      if (hold === undefined) return options.onRecords(records);
      return hold.then(() => (options.signal.aborted ? undefined : options.onRecords(records)));
    },
  };
}

/** Appends whose caller was told "unknown" and that turn up behind later ones. */
class LateAppends {
  readonly #inner: EventLog;
  #waiting: { readonly call: AppendCall; appendsLeft: number }[] = [];

  constructor(inner: EventLog) {
    this.#inner = inner;
  }

  add(call: AppendCall, afterAppends: number): void {
    this.#waiting.push({ call, appendsLeft: afterAppends });
  }

  /** To be called after an append was issued; issues the ones that are due now. */
  countAppend({ topic, partition }: AppendCall): void {
    for (const entry of this.#waiting) {
      if (entry.call.topic === topic && entry.call.partition === partition) entry.appendsLeft -= 1;
    }
    const due = this.#waiting.filter((entry) => entry.appendsLeft <= 0);
    this.#waiting = this.#waiting.filter((entry) => entry.appendsLeft > 0);
    // Nobody waits for them, so nobody is to be told when they fail.
    for (const { call } of due) this.#inner.append(call.topic, call.partition, call.records).catch(() => {});
  }

  async settle(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { call } of waiting) await this.#inner.append(call.topic, call.partition, call.records);
  }
}
