import type { Outcome } from '@parley/contracts/router';
import { type CancelTimer, type Clock, ParleyError, partitionOf } from '@parley/kernel';
import { createSnapshotPointers, OwnedPartitions, superviseOwnership } from '@parley/ownedlog';
import { watchForSuccessor } from '@parley/rpc';
import type { RouterClientEvents } from '@parley/router-client';
import { type AggregateEvent, type AggregateKind, type AggregateName, keyOf } from './aggregate-kind.js';
import { type AggregateMetrics, createAggregateMetrics } from './aggregate-metrics.js';
import type { AggregatePartition, AnswerWhen } from './aggregate-partition.js';
import type { PartitionCompanion, PartitionView } from './companion.js';
import { aggregateLimits } from './limits.js';
import type { MembershipForwarder } from './membership-forwarder.js';
import { type OpenOptions, openPartition } from './open-partition.js';
import type { Stamp } from './partition-clock.js';
import type { AggregateHostDeps } from './ports.js';
import { RouterCalls } from './router-calls.js';

/** What an executed command led to. */
export interface Executed<State, Event> {
  readonly state: State;
  /** What happened; nothing when all was as asked for. */
  readonly events: readonly Event[];
  /** As {@link AggregateHost.versionOf}: the state is this new or newer. */
  readonly version: number;
  /** The router's answer; absent when it did not come in time or was not waited for. */
  readonly outcome: Outcome | undefined;
}

export interface ExecuteOptions {
  /** What the answer waits for; default `confirmed`. */
  readonly when?: AnswerWhen;
}

/** Makes the companion of a partition that was taken over, before its first command. */
export type CompanionOf<State, Command, Event> = (view: PartitionView<State, Command, Event>) => PartitionCompanion<State, Event>;

/** Owns the partitions that are assigned to this process and carries out commands on their aggregates. */
export interface AggregateHost<State, Command, Event> {
  /**
   * Carries out a command; resolves when its events are durable and the router knows what follows from them (or has
   * not answered within 4 s: it is forwarded all the same). Rejects with the decider's refusal,
   * NOT_OWNER or OVERLOADED.
   */
  execute(name: AggregateName, command: (stamp: Stamp) => Command, options?: ExecuteOptions): Promise<Executed<State, Event>>;
  /** The committed state. Throws NOT_OWNER. */
  read(name: AggregateName): State;
  /**
   * Of what `read` answers now: grows with every commit of the partition, from one owner to the next too, whatever
   * their clocks say. Throws NOT_OWNER.
   */
  versionOf(name: AggregateName): number;
  /** Every aggregate of a partition, live. Throws NOT_OWNER. */
  aggregates(partition: number): Iterable<readonly [AggregateName, State]>;
  /** Works until the signal is aborted; resolves when all partitions are given up. To be called once. */
  run(signal: AbortSignal): Promise<void>;
  readonly owned: OwnedPartitions;
}

export function createAggregateHost<State, Command, Event extends AggregateEvent>(
  kind: AggregateKind<State, Command, Event>,
  deps: AggregateHostDeps,
  companionOf?: CompanionOf<State, Command, Event>,
): AggregateHost<State, Command, Event> {
  return new OwnedAggregates(kind, deps, companionOf);
}

class OwnedAggregates<State, Command, Event extends AggregateEvent> implements AggregateHost<State, Command, Event> {
  readonly owned = new OwnedPartitions();
  readonly #kind: AggregateKind<State, Command, Event>;
  readonly #deps: AggregateHostDeps;
  readonly #companionOf: CompanionOf<State, Command, Event> | undefined;
  readonly #partitions = new Map<number, AggregatePartition<State, Command, Event>>();
  readonly #forwarders = new Map<number, MembershipForwarder>();
  readonly #calls = new Map<number, RouterCalls>();
  readonly #metrics: AggregateMetrics;
  #lastConnection: number;
  #isRouterLate = false;

  constructor(
    kind: AggregateKind<State, Command, Event>,
    deps: AggregateHostDeps,
    companionOf: CompanionOf<State, Command, Event> | undefined,
  ) {
    this.#kind = kind;
    this.#deps = deps;
    this.#companionOf = companionOf;
    this.#metrics = createAggregateMetrics(deps.telemetry.metrics, kind.service, () => this.#pendingForwards());
    // Answers to commands of an earlier life of this process must not be taken for answers to this one's.
    this.#lastConnection = Math.floor(deps.random.next() * 2 ** 52);
  }

  async execute(name: AggregateName, command: (stamp: Stamp) => Command, options: ExecuteOptions = {}): Promise<Executed<State, Event>> {
    return this.#executeOn(this.#partitionOf(name), name, { ...options, command });
  }

  read(name: AggregateName): State {
    return this.#partitionOf(name).read(keyOf(name));
  }

  versionOf(name: AggregateName): number {
    return this.#partitionOf(name).version;
  }

  aggregates(partition: number): Iterable<readonly [AggregateName, State]> {
    return this.#partitionAt(partition).aggregates();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { log, clock, random, telemetry, connectRouter } = this.#deps;
    const { service, topic } = this.#kind;
    const pointers = createSnapshotPointers(this.#deps);
    await using router = connectRouter(this.#routerEvents());
    const run = (partition: number, ending: AbortSignal) => this.#own({ partition, pointers, router, signal: ending });
    await superviseOwnership({ log, clock, random, telemetry, group: service, topics: [topic], signal, run, owned: this.owned });
  }

  async #own(options: Pick<OpenOptions<State, Event>, 'partition' | 'pointers' | 'router' | 'signal'>): Promise<void> {
    const connection = ++this.#lastConnection;
    let companion: PartitionCompanion<State, Event> | undefined;
    const opening = openPartition(this.#kind, this.#deps, {
      ...options,
      connection,
      metrics: this.#metrics,
      onCommitted: (change) => companion?.committed(change),
    });
    const { partition: opened, forwarder, resume } = await opening;
    const { directory, address, peer, clock, telemetry } = this.#deps;
    const fields = { service: this.#kind.service, partition: options.partition, fence: opened.fence };
    this.#forwarders.set(connection, forwarder);
    const calls = new RouterCalls({ router: options.router, clock, connection: ++this.#lastConnection });
    const callsConnection = this.#lastConnection;
    this.#calls.set(callsConnection, calls);
    // Before any new command, so that changes reach the routers in the order of the log.
    resume();
    companion = this.#companionOf?.(this.#viewOf(options.partition, opened, calls));
    this.#partitions.set(options.partition, opened);
    const ended = this.owned.serving(options.partition);
    const unwatch = watchForSuccessor(directory, fields, () => opened.confirm());
    try {
      telemetry.logger.debug('partition taken over', fields);
      await directory.publish({ ...fields, address, peer });
      await aborted(opened.lost);
    } finally {
      unwatch();
      this.#partitions.delete(options.partition);
      ended();
      const companionClosed = companion?.close();
      this.#forwarders.delete(connection);
      this.#calls.delete(callsConnection);
      calls.close();
      await opened.close();
      await companionClosed;
      telemetry.logger.debug('partition given up', fields);
    }
    if (!options.signal.aborted) throw opened.lost.reason;
  }

  #viewOf(partition: number, opened: AggregatePartition<State, Command, Event>, calls: RouterCalls): PartitionView<State, Command, Event> {
    return {
      partition,
      get version() {
        return opened.version;
      },
      lost: opened.lost,
      aggregates: () => opened.aggregates(),
      read: (name) => opened.read(keyOf(name)),
      execute: (name, command, options = {}) => this.#executeOn(opened, name, { ...options, command }),
      ask: (lane, command, timeoutMs) => calls.ask(lane, command, timeoutMs),
    };
  }

  async #executeOn(
    partition: AggregatePartition<State, Command, Event>,
    name: AggregateName,
    { command, when = 'confirmed' }: ExecuteOptions & { readonly command: (stamp: Stamp) => Command },
  ): Promise<Executed<State, Event>> {
    const { state, events, version, settled } = await partition.execute({ name, key: keyOf(name), command, when });
    return { state, events, version, outcome: await this.#outcomeInTime(settled) };
  }

  #partitionOf({ app, conversation }: AggregateName): AggregatePartition<State, Command, Event> {
    return this.#partitionAt(partitionOf(app, conversation, this.#deps.partitions));
  }

  #partitionAt(number: number): AggregatePartition<State, Command, Event> {
    const partition = this.#partitions.get(number);
    if (partition === undefined) throw new ParleyError('NOT_OWNER', `${this.#kind.service} partition ${number}`);
    return partition;
  }

  #routerEvents(): RouterClientEvents {
    return {
      outcome: (outcome) => (this.#forwarders.get(outcome.connection) ?? this.#calls.get(outcome.connection))?.onOutcome(outcome),
      delivery: () => undefined,
      subscribed: () => undefined,
    };
  }

  /** The change is durable: a late router delays its effect, not its success. */
  async #outcomeInTime(settled: Promise<Outcome | undefined>): Promise<Outcome | undefined> {
    const { clock, telemetry } = this.#deps;
    const answer = await firstWithin(clock, aggregateLimits.outcomeWaitMs, settled);
    if (answer !== 'late') {
      if (answer !== undefined) this.#isRouterLate = false;
      return answer;
    }
    this.#metrics.unsettled.add(1);
    if (!this.#isRouterLate) {
      telemetry.logger.warn('the routers do not confirm membership changes in time', { service: this.#kind.service });
    }
    this.#isRouterLate = true;
    return undefined;
  }

  #pendingForwards(): number {
    let count = 0;
    for (const forwarder of this.#forwarders.values()) count += forwarder.pendingCount;
    return count;
  }
}

function firstWithin<T>(clock: Clock, timeoutMs: number, promise: Promise<T>): Promise<T | 'late'> {
  return new Promise((resolve, reject) => {
    const cancel: CancelTimer = clock.setTimer(timeoutMs, () => resolve('late'));
    promise.then(resolve, reject).finally(cancel);
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
