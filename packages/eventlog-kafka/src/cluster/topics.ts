import type { TopicKind, TopicSpec } from '@parley/eventlog';
import type { Clock } from '@parley/kernel';
import {
  batchBytesMax,
  compactedSegmentMs,
  operationTimeoutMs,
  queueRetentionMs,
  replicationTimeoutMs,
  requestTimeoutMs,
} from '../limits.js';
import { LogUnavailableError } from '../log-unavailable-error.js';
import { errorCode, errorNameOf } from '../wire/error-codes.js';
import type { Cluster } from './cluster.js';

/** What creating topics works with. */
export interface TopicsOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  /** Default: 3, or the number of brokers where there are fewer. */
  readonly replicationFactor: number | undefined;
}

/** The settings that make a Kafka topic what its kind promises. */
function topicConfig({ kind, retentionMs }: TopicSpec, replicas: number): Readonly<Record<string, string>> {
  const keptMs = retentionMs ?? (kind === 'queue' ? queueRetentionMs : -1);
  return {
    'cleanup.policy': kind === 'compacted' ? 'compact' : 'delete',
    // Brokers do not compact the segment that is being written, and whoever starts reads all of it.
    ...(kind === 'compacted' ? { 'segment.ms': String(compactedSegmentMs) } : { 'retention.ms': String(keptMs), 'retention.bytes': '-1' }),
    'min.insync.replicas': String(Math.max(1, replicas - 1)),
    'max.message.bytes': String(batchBytesMax),
    'message.timestamp.type': 'LogAppendTime',
    'compression.type': 'producer',
    'unclean.leader.election.enable': 'false',
  };
}

/** Creates what is missing and remembers what each topic is. */
export class Topics {
  readonly #options: TopicsOptions;
  readonly #kinds = new Map<string, TopicKind>();

  constructor(options: TopicsOptions) {
    this.#options = options;
  }

  /** The kind, where the topic was named in createTopics of this process. */
  kindOf(topic: string): TopicKind | undefined {
    return this.#kinds.get(topic);
  }

  /** See EventLog.createTopics; resolves when all partitions have leaders. */
  async create(specs: readonly TopicSpec[]): Promise<void> {
    for (const spec of specs) this.#assertSameKind(spec);
    await this.#options.cluster.lookUp(specs.map(({ name }) => name));
    await this.#create(specs.filter(({ name }) => this.#options.cluster.leaders(name) === undefined));
    for (const spec of specs) await this.#waitFor(spec);
    for (const { name, kind } of specs) this.#kinds.set(name, kind);
  }

  #assertSameKind({ name, kind, partitions }: TopicSpec): void {
    const known = this.#kinds.get(name);
    if (known !== undefined && known !== kind) throw new Error(`topic ${name} exists as ${known}, not as ${kind}`);
    if (!Number.isInteger(partitions) || partitions < 1) {
      throw new RangeError(`topic ${name} cannot have ${partitions} partitions`);
    }
  }

  async #create(specs: readonly TopicSpec[]): Promise<void> {
    const { cluster, clock } = this.#options;
    const deadline = clock.monotonic() + operationTimeoutMs;
    let left = specs;
    for (let attempt = 0; left.length > 0; attempt += 1) {
      const failures = await this.#tryCreate(left);
      left = left.filter(({ name }) => failures.get(name) !== undefined);
      if (left.length === 0) return;
      if (clock.monotonic() > deadline) throw new LogUnavailableError(`topics are not created: ${[...failures.values()].join('; ')}`);
      await cluster.pause(attempt);
    }
  }

  /** What went wrong, by topic; throws when trying again would not help. */
  async #tryCreate(specs: readonly TopicSpec[]): Promise<ReadonlyMap<string, string>> {
    const { cluster } = this.#options;
    try {
      const replicas = this.#options.replicationFactor ?? Math.min(3, cluster.brokers.length);
      const topics = specs.map((spec) => ({
        topic: spec.name,
        numPartitions: spec.partitions,
        replicationFactor: replicas,
        configEntries: Object.entries(topicConfig(spec, replicas)).map(([name, value]) => ({ name, value })),
      }));
      // Brokers in KRaft mode forward to the controller, so any will do.
      const { topicErrors } = await cluster.anyBroker((connection) =>
        connection.call('CreateTopics', { topics, validateOnly: false, timeout: requestTimeoutMs }, replicationTimeoutMs),
      );
      return new Map(
        topicErrors
          .filter(({ errorCode: code }) => code !== errorCode.none && code !== errorCode.topicAlreadyExists)
          .map(({ topic, errorCode: code, errorMessage }) => [topic, refusal(topic, code, errorMessage)]),
      );
    } catch (error) {
      if (!(error instanceof LogUnavailableError)) throw error;
      return new Map(specs.map(({ name }) => [name, error.message]));
    }
  }

  async #waitFor({ name, partitions }: TopicSpec): Promise<void> {
    const { cluster, clock } = this.#options;
    const deadline = clock.monotonic() + operationTimeoutMs;
    for (let attempt = 0; ; attempt += 1) {
      const leaders = cluster.leaders(name);
      if (leaders && leaders.length !== partitions) {
        throw new Error(`topic ${name} exists with ${leaders.length} partitions, not ${partitions}`);
      }
      if (leaders?.every((leader) => leader !== undefined)) return;
      if (clock.monotonic() > deadline) throw new LogUnavailableError(`topic ${name} has no leaders`);
      await cluster.pause(attempt);
      await cluster.tryRefresh();
    }
  }
}

/** While brokers are starting there may be too few for the replicas. */
const passing: ReadonlySet<number> = new Set([
  errorCode.requestTimedOut,
  errorCode.leaderNotAvailable,
  errorCode.invalidReplicationFactor,
  errorCode.notController,
]);

/** Codes that pass by themselves, as text; throws for the others. */
function refusal(topic: string, code: number, message: string | null): string {
  const text = `${topic}: ${errorNameOf(code)}${message ? ` (${message})` : ''}`;
  if (passing.has(code)) return text;
  throw new Error(`cannot create topic ${text}`);
}
