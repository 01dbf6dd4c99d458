import { randomId, systemRandom } from '@parley/kernel';
import { setTimeout as pause } from 'node:timers/promises';
import type { EventLog, StoredRecord, TopicSpec } from '../port.js';

/** A log under test, opened once for the whole suite. */
export interface LogFixture {
  readonly log: EventLog;
  /** Closes the log and opens it again over the same data; durable logs only. */
  readonly reopen?: () => Promise<EventLog>;
  /** Closes the log that is open now and removes its data. */
  readonly close: () => PromiseLike<void>;
}

/** What the log under test can do, and how patient to be with it. */
export interface LogContractOptions {
  readonly open: () => Promise<LogFixture>;
  /** Records survive `reopen`. */
  readonly isDurable: boolean;
  /** The bound of a queue partition, where there is one; small, so that the test can fill it. */
  readonly queueBytesMax?: number;
  /** For one test; 20 s by default. */
  readonly timeoutMs?: number;
}

/** The open log and what tests need around it. */
export class LogBench {
  readonly timeoutMs: number;
  readonly #options: LogContractOptions;
  #fixture: LogFixture | undefined;
  #log: EventLog | undefined;

  constructor(options: LogContractOptions) {
    this.#options = options;
    this.timeoutMs = options.timeoutMs ?? 20_000;
  }

  get log(): EventLog {
    if (this.#log === undefined) throw new Error('the log is not open');
    return this.#log;
  }

  async open(): Promise<void> {
    this.#fixture = await this.#options.open();
    this.#log = this.#fixture.log;
  }

  async reopen(): Promise<void> {
    if (this.#fixture?.reopen === undefined) throw new Error('a durable log needs `reopen`');
    this.#log = await this.#fixture.reopen();
  }

  async close(): Promise<void> {
    await this.#fixture?.close();
  }

  /** A new topic of its own; a `log` with one partition unless told otherwise. */
  async topic(spec: Partial<TopicSpec> = {}): Promise<string> {
    const name = `contract-${randomId(systemRandom, 12)}`;
    await this.log.createTopics([{ name, partitions: 1, kind: 'log', ...spec }]);
    return name;
  }

  /** Everything in a partition, read page by page. */
  async readAll(topic: string, partition = 0): Promise<StoredRecord[]> {
    const { start, end } = await this.log.range(topic, partition);
    const all: StoredRecord[] = [];
    for (let from = start; from < end; ) {
      const page = await this.log.read(topic, partition, from);
      const last = page.at(-1);
      if (last === undefined) break;
      all.push(...page);
      from = last.offset + 1;
    }
    return all;
  }

  /** Waits until the condition holds; fails when it does not within the time for one test. */
  async eventually(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = performance.now() + this.timeoutMs * 0.8;
    while (!(await condition())) {
      if (performance.now() > deadline) throw new Error(`never happened: ${what}`);
      await pause(5);
    }
  }
}

/** A record with a text in it. */
export function textRecord(text: string, key?: string): { readonly key?: string; readonly value: Uint8Array } {
  const value = new TextEncoder().encode(text);
  return key === undefined ? { value } : { key, value };
}

/** The texts of records made by {@link textRecord}. */
export function textsOf(records: readonly StoredRecord[]): string[] {
  return records.map((record) => new TextDecoder().decode(record.value));
}

/** The numbers from 0 to below `count`, as texts. */
export function numberedTexts(count: number, prefix = ''): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

/** Follows one partition and keeps what it gets. */
export function collect(log: EventLog, topic: string, from: number, partition = 0): Collector {
  return new Collector(log, { topic, partition, from });
}

/** A follower that collects; stop it to see how it ended. */
export class Collector {
  readonly records: StoredRecord[] = [];
  readonly done: Promise<void>;
  readonly #abort = new AbortController();

  constructor(log: EventLog, place: { readonly topic: string; readonly partition: number; readonly from: number }) {
    this.done = log.follow(place.topic, place.partition, {
      from: place.from,
      signal: this.#abort.signal,
      onRecords: (records) => {
        this.records.push(...records);
      },
    });
  }

  get texts(): string[] {
    return textsOf(this.records);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.done;
  }
}
