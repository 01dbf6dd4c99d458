import {
  type Appended,
  AppendUnknownError,
  type EventLog,
  type FollowOptions,
  type JoinOptions,
  type NewRecord,
  OffsetOutOfRangeError,
  type OffsetRange,
  RecordTooLargeError,
  type StoredRecord,
} from '@parley/eventlog';
import type { Random } from '@parley/kernel';
import type { Schedule } from './schedule.js';

/** How often each fault happens, as a share of the calls. */
export interface Faults {
  readonly unknown: number;
  readonly definite: number;
  readonly read: number;
}

export const noFaults: Faults = { unknown: 0, definite: 0, read: 0 };

/** Values longer than this are refused. */
export const modelRecordBytesMax = 4_000;

/** A log whose every effect and every answer is an action of its own: what can happen between them, does. */
export class ModelLog {
  faults: Faults;
  readonly #schedule: Schedule;
  readonly #random: Random;
  readonly #topics = new Map<string, StoredRecord[]>();

  constructor(schedule: Schedule, random: Random, faults: Faults) {
    this.#schedule = schedule;
    this.#random = random;
    this.faults = faults;
  }

  recordsOf(topic: string): readonly StoredRecord[] {
    return this.#recordsOf(topic);
  }

  /** The log as one process sees it; the process's answers stop when it is paused or killed, its appends do not. */
  connect(process: string): EventLog {
    const unused = (): never => {
      throw new Error('not part of the model');
    };
    return {
      createTopics: unused,
      ranges: unused,
      trim: unused,
      scrub: unused,
      join: (_options: JoinOptions) => unused(),
      append: (topic, _partition, records) => this.#append(process, topic, records),
      read: (topic, _partition, from) => this.#read(process, topic, from),
      range: (topic) => this.#range(process, topic),
      follow: (topic, _partition, options) => this.#follow(process, topic, options),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  #append(process: string, topic: string, records: readonly NewRecord[]): Promise<Appended> {
    return new Promise((resolve, reject) => {
      const answer = (run: () => void): void => this.#schedule.add(process, run);
      this.#schedule.add('network', () => {
        if (records.some(({ value }) => value.length > modelRecordBytesMax)) {
          answer(() => reject(new RecordTooLargeError('too large')));
          return;
        }
        const dice = this.#random.next();
        const { unknown, definite } = this.faults;
        if (dice < unknown) {
          this.#applyPerhaps(topic, records);
          answer(() => reject(new AppendUnknownError('no answer')));
        } else if (dice < unknown + definite) {
          answer(() => reject(new Error('not connected')));
        } else {
          const firstOffset = this.#apply(topic, records);
          answer(() => resolve({ firstOffset }));
        }
      });
    });
  }

  /** At once, never, later, or in part. */
  #applyPerhaps(topic: string, records: readonly NewRecord[]): void {
    const dice = this.#random.next();
    if (dice < 0.35) this.#apply(topic, records);
    else if (dice < 0.7) this.#applyLater(topic, records);
    else if (dice < 0.8) this.#apply(topic, records.slice(0, -1));
  }

  #applyLater(topic: string, records: readonly NewRecord[]): void {
    this.#schedule.add('network', () => {
      if (this.#random.next() < 0.7) this.#applyLater(topic, records);
      else this.#apply(topic, records);
    });
  }

  #apply(topic: string, records: readonly NewRecord[]): number {
    const stored = this.#recordsOf(topic);
    const firstOffset = stored.length;
    for (const { key = '', value } of records) stored.push({ offset: stored.length, timeMs: this.#schedule.step, key, value });
    return firstOffset;
  }

  #read(process: string, topic: string, from: number): Promise<readonly StoredRecord[]> {
    return new Promise((resolve, reject) => {
      this.#schedule.add(process, () => {
        if (this.#random.next() < this.faults.read) {
          reject(new Error('not connected'));
          return;
        }
        const records = this.#recordsOf(topic);
        const range = { start: 0, end: records.length };
        if (from > range.end) reject(new OffsetOutOfRangeError(topic, 0, from, range));
        else resolve(records.slice(from, from + 1 + Math.floor(this.#random.next() * 12)));
      });
    });
  }

  #range(process: string, topic: string): Promise<OffsetRange> {
    return new Promise((resolve) => {
      this.#schedule.add(process, () => resolve({ start: 0, end: this.#recordsOf(topic).length }));
    });
  }

  async #follow(process: string, topic: string, { from, signal, onRecords }: FollowOptions): Promise<void> {
    let next = from;
    while (!signal.aborted) {
      const records = await this.#read(process, topic, next);
      if (records.length > 0) await onRecords(records);
      next += records.length;
    }
  }

  #recordsOf(topic: string): StoredRecord[] {
    const known = this.#topics.get(topic);
    if (known !== undefined) return known;
    const records: StoredRecord[] = [];
    this.#topics.set(topic, records);
    return records;
  }
}
