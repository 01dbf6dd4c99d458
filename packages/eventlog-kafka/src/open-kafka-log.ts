import {
  type Appended,
  type EventLog,
  type FollowOptions,
  type JoinOptions,
  LogClosedError,
  type NewRecord,
  type OffsetRange,
  RecordTooLargeError,
  recordBytesMax,
  type StoredRecord,
  type TopicSpec,
  UnknownTopicError,
} from '@parley/eventlog';
import { type Clock, type Random, randomId } from '@parley/kernel';
import { silentTelemetry, type Telemetry } from '@parley/telemetry';
import { TopicAppender } from './append/topic-appender.js';
import { Cluster } from './cluster/cluster.js';
import { Offsets } from './cluster/offsets.js';
import { Topics } from './cluster/topics.js';
import { Followers } from './follow/followers.js';
import { PartitionReader } from './follow/partition-reader.js';
import { Turns } from './follow/turns.js';
import { GroupMember } from './group/group-member.js';
import { sessionTimeoutMsDefault } from './limits.js';
import { createLogMetrics, type LogMetrics } from './log-metrics.js';
import { parseAddress } from './wire/address.js';
import type { ConnectionOptions } from './wire/connection.js';
import { ConnectionPool } from './wire/connection-pool.js';

/** How to reach Kafka and how topics are made. */
export interface KafkaLogOptions {
  /** `host:port` of some brokers; the others are learned from them. */
  readonly brokers: readonly string[];
  /** Names this process in the brokers' logs and quotas. */
  readonly clientId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry?: Telemetry;
  /** Of topics that are created; default 3, or the number of brokers where there are fewer. */
  readonly replicationFactor?: number;
  /** Begins the names of topics and groups in Kafka, so that several Parleys can share one; default none. */
  readonly prefix?: string;
  /** After how long a member of a group that fell silent counts as lost; default 6 s, the least that brokers allow. */
  readonly sessionTimeoutMs?: number;
  /** TLS options of Node; absent means plain TCP. */
  readonly tls?: ConnectionOptions['tls'];
  /** User and password, as in kafkajs: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER. */
  readonly sasl?: ConnectionOptions['sasl'];
}

/** The event log on Apache Kafka 3.9 and 4.x. Throws for bad addresses; brokers that do not answer show in the first call. */
export function openKafkaLog(options: KafkaLogOptions): EventLog {
  for (const broker of options.brokers) parseAddress(broker);
  if (options.brokers.length === 0) throw new Error('no Kafka broker is given');
  return new KafkaLog(options);
}

class KafkaLog implements EventLog {
  readonly #options: KafkaLogOptions;
  readonly #telemetry: Telemetry;
  readonly #metrics: LogMetrics;
  readonly #prefix: string;
  readonly #pool: ConnectionPool;
  readonly #cluster: Cluster;
  readonly #topics: Topics;
  readonly #offsets: Offsets;
  readonly #reader: PartitionReader;
  readonly #followers: Followers;
  readonly #appenders = new Map<string, TopicAppender>();
  readonly #closed = new AbortController();

  constructor(options: KafkaLogOptions) {
    const { clock, random, clientId, tls, sasl, prefix = '', replicationFactor } = options;
    this.#options = options;
    this.#telemetry = options.telemetry ?? silentTelemetry;
    this.#metrics = createLogMetrics(this.#telemetry.metrics);
    this.#prefix = prefix;
    const { logger } = this.#telemetry;
    const pool = new ConnectionPool({ clock, clientId, tls, sasl });
    const onSuspect = (): void => this.#metrics.suspicions.add(1);
    const cluster = new Cluster({ seeds: options.brokers, pool, clock, random, logger, onSuspect });
    this.#pool = pool;
    this.#cluster = cluster;
    this.#topics = new Topics({ cluster, clock, replicationFactor });
    this.#offsets = new Offsets({ cluster, pool, clock });
    const rangeOf = (topic: string, partition: number): Promise<OffsetRange> => this.#offsets.range(topic, partition);
    const turns = new Turns(clock);
    this.#reader = new PartitionReader({ cluster, pool, clock, turns, rangeOf });
    this.#followers = new Followers({ cluster, pool, reader: this.#reader, turns, logger });
  }

  async createTopics(specs: readonly TopicSpec[]): Promise<void> {
    this.#closed.signal.throwIfAborted();
    await this.#topics.create(specs.map((spec) => ({ ...spec, name: this.#nameOf(spec.name) })));
  }

  async append(topic: string, partition: number, records: readonly NewRecord[]): Promise<Appended> {
    this.#closed.signal.throwIfAborted();
    for (const { value } of records) {
      if (value.length > recordBytesMax) {
        throw new RecordTooLargeError(`${topic}: a record of ${value.length} bytes; the limit is ${recordBytesMax}`);
      }
    }
    if (records.length === 0) return { firstOffset: (await this.range(topic, partition)).end };
    return this.#appender(topic).append(partition, records);
  }

  async read(
    topic: string,
    partition: number,
    from: number,
    options: { readonly maxBytes?: number } = {},
  ): Promise<readonly StoredRecord[]> {
    this.#closed.signal.throwIfAborted();
    return this.#reader.read({ topic: this.#nameOf(topic), partition, from }, options.maxBytes);
  }

  async follow(topic: string, partition: number, options: FollowOptions): Promise<void> {
    this.#closed.signal.throwIfAborted();
    const name = this.#nameOf(topic);
    const kind = this.#topics.kindOf(name);
    const mayHaveGaps = kind === undefined || kind === 'compacted';
    await this.#followers.follow({ ...options, topic: name, partition, mayHaveGaps });
  }

  async range(topic: string, partition: number): Promise<OffsetRange> {
    this.#closed.signal.throwIfAborted();
    return this.#offsets.range(this.#nameOf(topic), partition);
  }

  async ranges(topic: string): Promise<readonly OffsetRange[]> {
    this.#closed.signal.throwIfAborted();
    return this.#offsets.ranges(this.#nameOf(topic));
  }

  async trim(topic: string, partition: number, before: number): Promise<void> {
    this.#closed.signal.throwIfAborted();
    await this.#offsets.trim(this.#nameOf(topic), partition, before);
  }

  /** Kafka deletes whole files, so nothing is left of what is in them. */
  async scrub(): Promise<void> {}

  async join(options: JoinOptions): Promise<void> {
    this.#closed.signal.throwIfAborted();
    const topics = options.topics.map((topic) => this.#nameOf(topic));
    const counts = await Promise.all(topics.map((topic) => this.#cluster.partitionCount(topic)));
    const [partitions] = counts;
    if (partitions === undefined) throw new UnknownTopicError(`group ${options.group} names no topic`);
    if (counts.some((count) => count !== partitions)) {
      throw new Error(`the topics of group ${options.group} differ in their numbers of partitions: ${counts.join(', ')}`);
    }
    const member = new GroupMember(
      {
        cluster: this.#cluster,
        pool: this.#pool,
        logger: this.#telemetry.logger,
        group: this.#nameOf(options.group),
        topics,
        partitions,
        sessionTimeoutMs: this.#options.sessionTimeoutMs ?? sessionTimeoutMsDefault,
        signal: options.signal,
        onAssigned: options.onAssigned,
      },
      randomId(this.#options.random, 8),
    );
    await member.run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed.signal.aborted) return;
    const reason = new LogClosedError();
    this.#closed.abort(reason);
    for (const appender of this.#appenders.values()) appender.close();
    this.#followers.close();
    this.#cluster.close(reason);
    this.#pool.close();
  }

  #nameOf(topic: string): string {
    return this.#prefix + topic;
  }

  #appender(topic: string): TopicAppender {
    const known = this.#appenders.get(topic);
    if (known) return known;
    const name = this.#nameOf(topic);
    const duration = this.#metrics.produceMs.with(topic);
    const records = this.#metrics.records.with(topic);
    const appender = new TopicAppender({
      cluster: this.#cluster,
      pool: this.#pool,
      clock: this.#options.clock,
      topic: name,
      acks: this.#topics.kindOf(name) === 'queue' ? 1 : -1,
      onRequest: (durationMs, count) => {
        duration.record(durationMs);
        records.add(count);
      },
      onUnknown: () => this.#metrics.unknowns.add(1, topic),
    });
    this.#appenders.set(topic, appender);
    return appender;
  }
}
