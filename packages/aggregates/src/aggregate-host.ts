import type { Outcome } from '@parley/contracts/router';
import { type CancelTimer, type Clock, ParleyError, partitionOf } from '@parley/kernel';
import { createSnapshotPointers, OwnedPartitions, superviseOwnership } from '@parley/ownedlog';
import { watchForSuccessor } from '@parley/rpc';
import type { RouterClientEvents } from '@parley/router-client';
import { type AggregateEvent, type AggregateKind, type AggregateName, keyOf } from './aggregate-kind.js';
import { type AggregateMetrics, createAggregateMetrics } from './aggregate-metrics.js';
import type { AggregatePartition } from './aggregate-partition.js';
import { aggregateLimits } from './limits.js';
import type { MembershipForwarder } from './membership-forwarder.js';
import { openPartition } from './open-partition.js';
import type { Stamp } from './partition-clock.js';
import type { AggregateHostDeps } from './ports.js';

/** What an executed command led to. */
export interface Executed<State> {
  readonly state: State;
  /** The router's answer; absent when it did not come in time or none was needed. */
  readonly outcome: Outcome | undefined;
}

export interface ExecuteOptions {
  /** Ask the router for the conversation's head when nothing changed. */
  readonly asksForHead?: boolean;
}

/** Owns the partitions that are assigned to this process and carries out commands on their aggregates. */
export interface AggregateHost<State, Command> {
  /**
   * Carries out a command; resolves when its events are durable and the router knows the new members (or has
   * not answered within 4 s: the change is forwarded all the same). Rejects with the decider's refusal,
   * NOT_OWNER or OVERLOADED.
   */
  execute(name: AggregateName, command: (stamp: Stamp) => Command, options?: ExecuteOptions): Promise<Executed<State>>;
  /** The committed state. Throws NOT_OWNER. */
  read(name: AggregateName): State;
  /** Works until the signal is aborted; resolves when all partitions are given up. To be called once. */
  run(signal: AbortSignal): Promise<void>;
  readonly owned: OwnedPartitions;
}

export function createAggregateHost<State, Command, Event extends AggregateEvent>(
  kind: AggregateKind<State, Command, Event>,
  deps: AggregateHostDeps,
): AggregateHost<State, Command> {
  return new OwnedAggregates(kind, deps);
}

class OwnedAggregates<State, Command, Event extends AggregateEvent> implements AggregateHost<State, Command> {
  readonly owned = new OwnedPartitions();
  readonly #kind: AggregateKind<State, Command, Event>;
  readonly #deps: AggregateHostDeps;
  readonly #partitions = new Map<number, AggregatePartition<State, Command, Event>>();
  readonly #forwarders = new Map<number, MembershipForwarder>();
  readonly #metrics: AggregateMetrics;
  #lastConnection: number;
  #isRouterLate = false;

  constructor(kind: AggregateKind<State, Command, Event>, deps: AggregateHostDeps) {
    this.#kind = kind;
    this.#deps = deps;
    this.#metrics = createAggregateMetrics(deps.telemetry.metrics, kind.service, () => this.#pendingForwards());
    // Answers to commands of an earlier life of this process must not be taken for answers to this one's.
    this.#lastConnection = Math.floor(deps.random.next() * 2 ** 52);
  }

  async execute(name: AggregateName, command: (stamp: Stamp) => Command, options: ExecuteOptions = {}): Promise<Executed<State>> {
    const { asksForHead = false } = options;
    const { state, settled } = await this.#partitionOf(name).execute({ name, key: keyOf(name), command, asksForHead });
    return { state, outcome: await this.#outcomeInTime(settled) };
  }

  read(name: AggregateName): State {
    return this.#partitionOf(name).read(keyOf(name));
  }

  async run(signal: AbortSignal): Promise<void> {
    const { log, clock, random, telemetry, connectRouter } = this.#deps;
    const { service, topic } = this.#kind;
    const pointers = createSnapshotPointers(this.#deps);
    await using router = connectRouter(this.#routerEvents());
    const run = (partition: number, ending: AbortSignal) => this.#own({ partition, pointers, router, signal: ending });
    await superviseOwnership({ log, clock, random, telemetry, group: service, topics: [topic], signal, run, owned: this.owned });
  }

  async #own(options: Pick<Parameters<typeof openPartition>[2], 'partition' | 'pointers' | 'router' | 'signal'>): Promise<void> {
    const connection = ++this.#lastConnection;
    const opening = openPartition(this.#kind, this.#deps, { ...options, connection, metrics: this.#metrics });
    const { partition: opened, forwarder, resume } = await opening;
    const { directory, address, peer, telemetry } = this.#deps;
    const fields = { service: this.#kind.service, partition: options.partition, fence: opened.fence };
    this.#forwarders.set(connection, forwarder);
    // Before any new command, so that changes reach the routers in the order of the log.
    resume();
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
      this.#forwarders.delete(connection);
      await opened.close();
      telemetry.logger.debug('partition given up', fields);
    }
    if (!options.signal.aborted) throw opened.lost.reason;
  }

  #partitionOf({ app, conversation }: AggregateName): AggregatePartition<State, Command, Event> {
    const number = partitionOf(app, conversation, this.#deps.partitions);
    const partition = this.#partitions.get(number);
    if (partition === undefined) throw new ParleyError('NOT_OWNER', `${this.#kind.service} partition ${number}`);
    return partition;
  }

  #routerEvents(): RouterClientEvents {
    return {
      outcome: (outcome) => this.#forwarders.get(outcome.connection)?.onOutcome(outcome),
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
