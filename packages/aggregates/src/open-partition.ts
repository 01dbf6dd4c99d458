import { type AcceptedRecord, claimPartition, type SnapshotPointers } from '@parley/ownedlog';
import type { RouterClient } from '@parley/router-client';
import type { AggregateEvent, AggregateKind } from './aggregate-kind.js';
import type { AggregateMetrics } from './aggregate-metrics.js';
import { AggregatePartition } from './aggregate-partition.js';
import { AggregateStates } from './aggregate-states.js';
import type { CommittedChange } from './companion.js';
import { aggregateLimits } from './limits.js';
import { MembershipForwarder } from './membership-forwarder.js';
import { PartitionClock } from './partition-clock.js';
import type { AggregateHostDeps } from './ports.js';
import { inputs } from './positions.js';
import type { SnapshotStart } from './snapshot-trail.js';

export interface OpenOptions<State, Event> {
  readonly partition: number;
  readonly router: RouterClient;
  readonly pointers: SnapshotPointers;
  readonly metrics: AggregateMetrics;
  /** Goes into the origin of forwarded changes. */
  readonly connection: number;
  readonly signal: AbortSignal;
  readonly onCommitted: (change: CommittedChange<State, Event>) => void;
}

/** A partition that this process owns, with its forwarder, which wants to hear the routers' answers. */
export interface OpenedPartition<State, Command, Event extends AggregateEvent> {
  readonly partition: AggregatePartition<State, Command, Event>;
  readonly forwarder: MembershipForwarder;
  /** Forwards again what the former owner may have left undone; once answers can reach the forwarder. */
  resume(): void;
}

/** Claims a partition and rebuilds its aggregates. */
export async function openPartition<State, Command, Event extends AggregateEvent>(
  kind: AggregateKind<State, Command, Event>,
  deps: AggregateHostDeps,
  options: OpenOptions<State, Event>,
): Promise<OpenedPartition<State, Command, Event>> {
  const { partition: number, router, pointers, metrics, connection, signal, onCommitted } = options;
  const states = new AggregateStates(kind);
  let opened: AggregatePartition<State, Command, Event> | undefined;
  let records = 0;
  let sinceMs: number | undefined;
  const owner = await claimPartition(deps, {
    topic: kind.topic,
    partition: number,
    signal,
    snapshots: { onState: (key, state) => states.restore(key, state), pointers },
    onRecord: (record: AcceptedRecord) => {
      records++;
      if (record.payload.length > 0) sinceMs ??= record.timeMs;
      states.fold(record);
    },
    onAppended: (drafts, position) => opened?.onAppended(drafts, position),
  });
  const clock = new PartitionClock(deps.clock);
  clock.passBy(owner.positions.get(inputs.versions) ?? 0);
  const confirmedIndex = owner.positions.get(inputs.forwarded) ?? 0;
  const forwarder = new MembershipForwarder({
    router,
    clock: deps.clock,
    random: deps.random,
    logger: deps.telemetry.logger,
    isMembershipStored: kind.isMembershipStored,
    connection,
    confirmedIndex,
    onDrained: (key) => states.forgetIfInitial(key),
    onConfirmed: () => opened?.onConfirmed(),
  });
  const unconfirmed = states.finishRecovery(confirmedIndex);
  const pointer = await pointers.newest({ topic: kind.topic, partition: number }, signal);
  const snapshot = pointer && (await knownSnapshot(deps, { topic: kind.topic, partition: number, offset: pointer.offset }));
  const recovered = { records, sinceMs };
  opened = new AggregatePartition({ kind, owner, states, forwarder, clock, metrics, deps, onCommitted, snapshot, recovered });
  return { partition: opened, forwarder, resume: () => forwarder.resume(unconfirmed) };
}

/**
 * A snapshot that is there already. Of one that is a day old everybody knows, whoever's clock that is told by; any other
 * counts as known from now on.
 */
async function knownSnapshot(
  { log, clock }: AggregateHostDeps,
  { topic, partition, offset }: { readonly topic: string; readonly partition: number; readonly offset: number },
): Promise<SnapshotStart> {
  const [first] = await log.read(topic, partition, offset, { maxBytes: 1 }).catch(() => []);
  const isOld = first !== undefined && clock.now() - first.timeMs >= aggregateLimits.snapshotAfterMs;
  return { offset, knownMs: clock.monotonic() - (isOld ? aggregateLimits.trimAfterMs : 0) };
}
