import { setMaxListeners } from 'node:events';
import { UnknownTopicError } from '@parley/eventlog';
import { type BackoffPolicy, backoffMs, type Clock, type Random, sleep } from '@parley/kernel';
import type { Logger } from '@parley/telemetry';
import { operationTimeoutMs, requestTimeoutMs, suspicionMs, unknownTopicGraceMs } from '../limits.js';
import { LogUnavailableError } from '../log-unavailable-error.js';
import { type Address, addressOf } from '../wire/address.js';
import type { Connection } from '../wire/connection.js';
import { ConnectionError } from '../wire/connection-error.js';
import type { ConnectionPool } from '../wire/connection-pool.js';
import { errorCode } from '../wire/error-codes.js';

/** What a cluster view works with. */
export interface ClusterOptions {
  readonly seeds: readonly Address[];
  readonly pool: ConnectionPool;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Called when a broker did not answer and is left alone for a while. */
  readonly onSuspect: (address: Address) => void;
}

const retryPolicy: BackoffPolicy = { firstMs: 50, longestMs: 500 };

/** Which brokers there are, who leads which partition, and who does not answer. */
export class Cluster {
  readonly #options: ClusterOptions;
  readonly #suspectUntilMs = new Map<Address, number>();
  readonly #probing = new Map<Address, Promise<void>>();
  /** Topics of interest. */
  readonly #tracked = new Set<string>();
  readonly #leaders = new Map<string, readonly (Address | undefined)[]>();
  readonly #closed = new AbortController();
  #brokers: readonly Address[] = [];
  #controller: Address | undefined;
  #refreshing: Promise<void> | undefined;

  constructor(options: ClusterOptions) {
    this.#options = options;
    setMaxListeners(0, this.#closed.signal); // every partition may be waiting
  }

  /** All brokers that were there at the last refresh. */
  get brokers(): readonly Address[] {
    return this.#brokers;
  }

  /** Who creates topics, as far as known. */
  get controller(): Address | undefined {
    return this.#controller;
  }

  /** The leader as far as known and not under suspicion. */
  leader(topic: string, partition: number): Address | undefined {
    const address = this.#leaders.get(topic)?.[partition];
    return address !== undefined && this.isSuspect(address) ? undefined : address;
  }

  /** Leaders of all partitions as far as known; undefined when the topic is not known. */
  leaders(topic: string): readonly (Address | undefined)[] | undefined {
    return this.#leaders.get(topic);
  }

  isSuspect(address: Address): boolean {
    return (this.#suspectUntilMs.get(address) ?? 0) > this.#options.clock.monotonic();
  }

  /** How many partitions a topic has; rejects with UnknownTopicError. */
  async partitionCount(topic: string): Promise<number> {
    return (await this.#topic(topic)).length;
  }

  /** Waits until a partition has a leader that is not under suspicion; rejects with UnknownTopicError or LogUnavailableError. */
  async waitForLeader(topic: string, partition: number, signal?: AbortSignal): Promise<Address> {
    const deadline = this.#options.clock.monotonic() + operationTimeoutMs;
    for (let attempt = 0; ; attempt += 1) {
      const leaders = await this.#topic(topic);
      if (partition < 0 || partition >= leaders.length) {
        throw new UnknownTopicError(`there is no partition ${topic}[${partition}]`);
      }
      const leader = this.leader(topic, partition);
      if (leader !== undefined) return leader;
      if (this.#options.clock.monotonic() > deadline) throw new LogUnavailableError(`${topic}[${partition}] has no leader`);
      await this.pause(attempt, signal);
      await this.tryRefresh();
    }
  }

  /** Asks for fresh metadata, once for all who ask at the same time. Rejects when no broker answers. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /** Like refresh; a failure is only logged. */
  async tryRefresh(): Promise<void> {
    try {
      await this.refresh();
    } catch (error) {
      this.#options.logger.debug('no metadata', { error: String(error) });
    }
  }

  /** Waits before attempt number `attempt` is repeated; rejects when the signal is aborted or the log closes. */
  pause(attempt: number, signal?: AbortSignal): Promise<void> {
    return this.sleep(10 + backoffMs(retryPolicy, attempt, this.#options.random), signal);
  }

  /** Rejects when the signal is aborted or the log closes. */
  async sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    this.#closed.signal.throwIfAborted();
    if (!signal) return sleep(this.#options.clock, delayMs, this.#closed.signal);
    // AbortSignal.any would leave something behind at the long-lived signals each time.
    const either = new AbortController();
    const onAbort = (): void => either.abort(signal.aborted ? signal.reason : this.#closed.signal.reason);
    const signals = [signal, this.#closed.signal];
    for (const each of signals) each.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      await sleep(this.#options.clock, delayMs, either.signal);
    } finally {
      for (const each of signals) each.removeEventListener('abort', onAbort);
    }
  }

  /** Asks which of the topics exist; tries for operationTimeoutMs. Rejects with LogUnavailableError. */
  async lookUp(topics: readonly string[]): Promise<void> {
    for (const topic of topics) this.#tracked.add(topic);
    const deadline = this.#options.clock.monotonic() + operationTimeoutMs;
    for (let attempt = 0; ; attempt += 1) {
      try {
        await this.#refreshing?.catch(() => {}); // it may have begun without our topics
        return await this.refresh();
      } catch (error) {
        if (this.#options.clock.monotonic() > deadline || !(error instanceof LogUnavailableError)) throw error;
        await this.pause(attempt);
      }
    }
  }

  /** Runs a request against one broker after the other, those under suspicion last, until one answers. */
  async anyBroker<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const candidates = [...new Set([...this.#shuffled(this.#brokers), ...this.#shuffled(this.#options.seeds)])];
    candidates.sort((a, b) => Number(this.isSuspect(a)) - Number(this.isSuspect(b)));
    let failure: unknown;
    for (const address of candidates) {
      try {
        return await work(await this.#options.pool.get(address, 'metadata'));
      } catch (error) {
        this.#closed.signal.throwIfAborted();
        failure = error;
        if (error instanceof ConnectionError && error.isSilence) this.#suspect(address);
      }
    }
    throw new LogUnavailableError(`no broker answers: ${String(failure)}`);
  }

  /** Asks a broker for a sign of life; if there is none, ends all connections to it and leaves it alone for a while. */
  probe(address: Address): Promise<void> {
    const running = this.#probing.get(address);
    if (running) return running;
    const probing = this.#probe(address).finally(() => this.#probing.delete(address));
    this.#probing.set(address, probing);
    return probing;
  }

  /** Ends all waiting. */
  close(reason: Error): void {
    this.#closed.abort(reason);
  }

  async #probe(address: Address): Promise<void> {
    const { pool, logger } = this.#options;
    const answer = await pool.probe(address);
    if (answer === 'alive' || this.#closed.signal.aborted) return;
    logger.warn('a broker gives no sign of life', { broker: address, answer });
    if (answer === 'silent') this.#suspect(address);
    pool.dropBroker(address, 'no sign of life');
    await this.tryRefresh();
  }

  #suspect(address: Address): void {
    this.#suspectUntilMs.set(address, this.#options.clock.monotonic() + suspicionMs);
    this.#options.onSuspect(address);
  }

  async #topic(topic: string): Promise<readonly (Address | undefined)[]> {
    const known = this.#leaders.get(topic);
    if (known) return known;
    const isNew = !this.#tracked.has(topic);
    this.#tracked.add(topic);
    const graceMs = isNew ? unknownTopicGraceMs : 0;
    const startedAt = this.#options.clock.monotonic();
    for (let attempt = 0; ; attempt += 1) {
      const failure = await this.refresh().then(
        () => undefined,
        (error: unknown) => error,
      );
      const leaders = this.#leaders.get(topic);
      if (leaders) return leaders;
      const waitedMs = this.#options.clock.monotonic() - startedAt;
      if (failure === undefined && waitedMs >= graceMs) throw new UnknownTopicError(`there is no topic ${topic}`);
      if (waitedMs >= operationTimeoutMs) throw failure;
      await this.pause(attempt);
    }
  }

  async #refresh(): Promise<void> {
    await Promise.resolve(); // so that topics named in this turn of the event loop are asked for too
    const topics = [...this.#tracked];
    const metadata = await this.anyBroker((connection) =>
      connection.call('Metadata', { topics, allowAutoTopicCreation: false }, requestTimeoutMs),
    );
    const byId = new Map(metadata.brokers.map(({ nodeId, host, port }) => [nodeId, addressOf(host, port)]));
    this.#brokers = [...byId.values()];
    this.#controller = byId.get(metadata.controllerId);
    for (const { topic, topicErrorCode, partitionMetadata } of metadata.topicMetadata) {
      if (topicErrorCode === errorCode.none && this.#tracked.has(topic)) {
        const leaders = new Array<Address | undefined>(partitionMetadata.length).fill(undefined);
        for (const { partitionId, leader } of partitionMetadata) leaders[partitionId] = byId.get(leader);
        this.#leaders.set(topic, leaders);
      }
    }
  }

  #shuffled<T>(items: readonly T[]): readonly T[] {
    const { random } = this.#options;
    return items
      .map((item) => ({ item, rank: random.next() }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ item }) => item);
  }
}
