import { createPendingForward } from '@parley/contracts/events';
import type { Outcome } from '@parley/contracts/router';
import { BoundedQueue, type CancelTimer, ParleyError } from '@parley/kernel';
import { type OwnedDraft, type OwnedPosition, OwnershipLostError, type PartitionOwner, takeSnapshot } from '@parley/ownedlog';
import type { AggregateEvent, AggregateKind, AggregateName } from './aggregate-kind.js';
import type { AggregateMetrics } from './aggregate-metrics.js';
import type { AggregateStates } from './aggregate-states.js';
import type { CommittedChange } from './companion.js';
import { type AggregateChange, type CommandRequest, type DecidedBatch, decideBatch } from './decide-batch.js';
import { aggregateLimits, overloadedRetryMs } from './limits.js';
import type { MembershipForwarder } from './membership-forwarder.js';
import type { PartitionClock } from './partition-clock.js';
import type { AggregateHostDeps } from './ports.js';
import { inputs } from './positions.js';
import { SnapshotSchedule, type Unsnapshotted } from './snapshot-schedule.js';
import { type SnapshotStart, SnapshotTrail } from './snapshot-trail.js';

/** What an accepted command led to. */
export interface Committed<State, Event> {
  /** The aggregate once the command was carried out. */
  readonly state: State;
  /** What happened; nothing when all was as asked for. */
  readonly events: readonly Event[];
  /** Of the partition: the state is this new or newer. */
  readonly version: number;
  /** The router's answer to the newest change of the aggregate, once it has one; undefined at once when nobody asked for it. */
  readonly settled: Promise<Outcome | undefined>;
}

/**
 * What the answer to a command waits for.
 * - `committed`: its events are durable.
 * - `confirmed`: and the router knows what follows from them.
 * - `head`: as `confirmed`; when nothing changed the router is asked for the conversation's head.
 */
export type AnswerWhen = 'committed' | 'confirmed' | 'head';

/** A command that waits for its batch. */
interface WaitingCommand<State, Command, Event> extends CommandRequest<Command> {
  readonly when: AnswerWhen;
  readonly resolve: (committed: Committed<State, Event>) => void;
  readonly reject: (error: ParleyError) => void;
}

export interface PartitionParts<State, Command, Event extends AggregateEvent> {
  readonly kind: AggregateKind<State, Command, Event>;
  readonly owner: PartitionOwner;
  readonly states: AggregateStates<State, Command, Event>;
  readonly forwarder: MembershipForwarder;
  readonly clock: PartitionClock;
  readonly metrics: AggregateMetrics;
  readonly deps: AggregateHostDeps;
  /** Called for each aggregate of a committed batch, before anybody is answered; must not throw. */
  readonly onCommitted: (change: CommittedChange<State, Event>) => void;
  /** The newest snapshot that was there when the partition was claimed. */
  readonly snapshot: SnapshotStart | undefined;
  /** What recovery had to read besides. */
  readonly recovered: Unsnapshotted;
}

/** What is decided and not yet known to be committed. */
type InFlight<State, Command, Event> = DecidedBatch<State, Event, WaitingCommand<State, Command, Event>>;

/**
 * Takes commands for the aggregates of one partition, one batch at a time: what comes while an append is on its
 * way is decided and appended together next. Nobody hears of a decision before it is committed.
 */
export class AggregatePartition<State, Command, Event extends AggregateEvent> {
  readonly #parts: PartitionParts<State, Command, Event>;
  readonly #waiting = new BoundedQueue<WaitingCommand<State, Command, Event>>(aggregateLimits.waitingCommandsMax);
  #inFlight: InFlight<State, Command, Event> | undefined;
  #working: Promise<void> | undefined;
  #writtenIndex: number;
  #cancelPosition: CancelTimer | undefined;
  #cancelLook: CancelTimer;
  #cutting: Promise<void> = Promise.resolve();
  #isPositionDue = false;
  #version: number;
  readonly #trail: SnapshotTrail;
  readonly #snapshots: SnapshotSchedule;

  constructor(parts: PartitionParts<State, Command, Event>) {
    this.#parts = parts;
    this.#writtenIndex = parts.forwarder.confirmedIndex;
    this.#version = parts.clock.last;
    const { clock, snapshotEveryRecords: every = aggregateLimits.snapshotEveryRecords } = parts.deps;
    this.#trail = new SnapshotTrail(parts.snapshot);
    this.#snapshots = new SnapshotSchedule({ every, clock, recovered: parts.recovered, take: () => this.#takeSnapshot() });
    this.#cancelLook = clock.setTimer(parts.owner.partition * aggregateLimits.snapshotLookSpreadMs, this.#look);
    parts.owner.lost.addEventListener('abort', () => this.#refuseWaiting(), { once: true });
  }

  get fence(): number {
    return this.#parts.owner.fence;
  }

  /** Aborted when this process no longer owns the partition. */
  get lost(): AbortSignal {
    return this.#parts.owner.lost;
  }

  /** Grows with every commit, also over take-overs: what is read now is as of this version. */
  get version(): number {
    return this.#version;
  }

  /** Looks into the log whether somebody else has claimed the partition; `lost` tells. */
  confirm(): void {
    // A log that cannot be read is asked again with the next append.
    this.#parts.owner.confirm().catch(() => {});
  }

  /** The committed state of an aggregate. */
  read(key: string): State {
    return this.#parts.states.get(key);
  }

  /** Every aggregate that there is, live. */
  aggregates(): Iterable<readonly [AggregateName, State]> {
    return this.#parts.states.aggregates();
  }

  /** Decides a command and commits what follows. Rejects with the refusal, NOT_OWNER or OVERLOADED. */
  execute(request: CommandRequest<Command> & { readonly when: AnswerWhen }): Promise<Committed<State, Event>> {
    return new Promise((resolve, reject) => {
      if (this.lost.aborted) {
        reject(new ParleyError('NOT_OWNER'));
        return;
      }
      const { forwarder, metrics } = this.#parts;
      if (forwarder.isFull || !this.#waiting.push({ ...request, resolve, reject })) {
        metrics.overloaded.add(1);
        reject(new ParleyError('OVERLOADED', 'too many commands wait', { retryAfterMs: overloadedRetryMs }));
        return;
      }
      this.#wake();
    });
  }

  /** To be called when drafts are committed, before anything else is appended. */
  onAppended(drafts: readonly OwnedDraft[], position: OwnedPosition): void {
    this.#snapshots.count(
      drafts.length,
      drafts.every(({ payload }) => payload.length === 0),
    );
    const inFlight = this.#inFlight;
    this.#inFlight = undefined;
    if (inFlight === undefined) return;
    const versionBefore = this.#version;
    this.#version = inFlight.version;
    let index = position.index - drafts.length;
    for (const [key, change] of inFlight.changes) {
      index++;
      this.#take(key, change, index);
    }
    this.#answer(inFlight, versionBefore);
  }

  /** To be called when the routers have confirmed more changes. */
  onConfirmed(): void {
    if (this.lost.aborted || this.#isPositionDue || this.#cancelPosition !== undefined) return;
    this.#cancelPosition = this.#parts.deps.clock.setTimer(aggregateLimits.positionAfterMs, () => {
      this.#cancelPosition = undefined;
      this.#isPositionDue = this.#parts.forwarder.confirmedIndex > this.#writtenIndex;
      if (this.#isPositionDue) this.#wake();
    });
  }

  /** Gives the partition up; resolves when nothing is at work any more. */
  async close(): Promise<void> {
    this.#parts.owner.release();
    this.#parts.forwarder.close();
    this.#cancelPosition?.();
    this.#cancelLook();
    await this.#working;
    await this.#snapshots.ended;
    await this.#cutting;
    this.#refuseWaiting();
  }

  #wake(): void {
    // A microtask later, so that commands of one tick share a batch.
    this.#working ??= Promise.resolve().then(() => this.#work());
  }

  async #work(): Promise<void> {
    try {
      while (!this.lost.aborted) {
        if (this.#waiting.size > 0) await this.#commitBatch();
        else if (this.#isPositionDue) await this.#writePosition();
        else break;
        this.#snapshots.startWhenDue();
      }
    } catch (error) {
      // A lost partition ends by its signal; anything else must not leave it half alive.
      if (!(error instanceof OwnershipLostError)) this.#fail(error);
    } finally {
      this.#working = undefined;
    }
  }

  async #commitBatch(): Promise<void> {
    const { owner } = this.#parts;
    const batch = decideBatch(this.#parts, () => this.#waiting.shift());
    try {
      if (batch.changes.size === 0) {
        // Answers from the state alone: they hold only if nobody else has claimed meanwhile.
        await owner.confirm();
        this.#answer(batch, this.#version);
        return;
      }
      this.#inFlight = batch;
      await owner.append(this.#draftsOf(batch));
    } catch (error) {
      this.#inFlight = undefined;
      const isLost = error instanceof OwnershipLostError;
      for (const { request } of batch.decisions) request.reject(isLost ? new ParleyError('NOT_OWNER') : ParleyError.from(error));
      if (isLost) throw error;
      this.#parts.deps.telemetry.logger.error('a batch could not be appended', { service: this.#parts.kind.service }, error);
    }
  }

  async #writePosition(): Promise<void> {
    this.#isPositionDue = false;
    await this.#parts.owner.append([{ payload: new Uint8Array(0), positions: this.#positions() }]);
  }

  #take(key: string, change: AggregateChange<State, Event>, index: number): void {
    const { states, forwarder, onCommitted } = this.#parts;
    const { name, state, events } = change;
    states.set(key, state);
    forwarder.add(
      key,
      change.forwards.map((forward) => createPendingForward({ ...forward, index })),
    );
    onCommitted({ name, state, events });
  }

  #draftsOf(batch: InFlight<State, Command, Event>): readonly OwnedDraft[] {
    const drafts: OwnedDraft[] = [];
    for (const [key, { pieces }] of batch.changes) {
      const payload = joined(pieces);
      drafts.push(drafts.length === 0 ? { key, payload, positions: this.#positions() } : { key, payload });
    }
    return drafts;
  }

  #positions(): ReadonlyMap<string, number> {
    const { forwarder, clock } = this.#parts;
    this.#writtenIndex = forwarder.confirmedIndex;
    return new Map([
      [inputs.forwarded, this.#writtenIndex],
      [inputs.versions, clock.last],
    ]);
  }

  #answer({ decisions }: InFlight<State, Command, Event>, version: number): void {
    const { forwarder, metrics } = this.#parts;
    for (const { request, verdict } of decisions) {
      if (verdict.type === 'accepted') {
        const { state, events } = verdict;
        (events.length > 0 ? metrics.changed : metrics.unchanged).add(1);
        const { name, when } = request;
        const settled = when === 'committed' ? unasked : forwarder.settled(name, when === 'head');
        request.resolve({ state, events, version, settled });
      } else {
        metrics.refused.add(1);
        if (verdict.error.error === 'INTERNAL') this.#reportFault(verdict.error);
        request.reject(verdict.error);
      }
    }
  }

  #refuseWaiting(): void {
    for (let command = this.#waiting.shift(); command !== undefined; command = this.#waiting.shift()) {
      command.reject(new ParleyError('NOT_OWNER'));
    }
  }

  /** Also without any commands: a log that little is added to is cut, too. */
  readonly #look = (): void => {
    const { clock } = this.#parts.deps;
    this.#cancelLook = clock.setTimer(aggregateLimits.snapshotLookEveryMs, this.#look);
    this.#snapshots.startWhenDue();
    this.#cutting = this.#cut(this.#trail.settled(clock.monotonic())).catch((error: unknown) => this.#reportSnapshot(error));
  };

  /** What lies before is in a snapshot. */
  async #cut(before: number | undefined): Promise<void> {
    const { owner, deps, kind } = this.#parts;
    if (before !== undefined) await deps.log.trim(kind.topic, owner.partition, before);
  }

  async #takeSnapshot(): Promise<void> {
    const { owner, states, forwarder, deps } = this.#parts;
    const { offset } = owner.position;
    try {
      await takeSnapshot(
        owner,
        states.entries((key) => forwarder.pendingOf(key)),
      );
      await this.#cut(this.#trail.completed(offset, deps.clock.monotonic()));
    } catch (error) {
      this.#reportSnapshot(error);
    }
  }

  #reportSnapshot(error: unknown): void {
    if (error instanceof OwnershipLostError) return;
    const { owner, deps, kind } = this.#parts;
    const fields = { service: kind.service, partition: owner.partition };
    deps.telemetry.logger.warn('a snapshot or the cut behind it failed; the next one is due later', fields, error);
  }

  #reportFault(error: ParleyError): void {
    const { deps, kind } = this.#parts;
    deps.telemetry.logger.error('a decision failed', { service: kind.service }, error.cause);
  }

  #fail(error: unknown): void {
    const { owner, deps, kind } = this.#parts;
    deps.telemetry.logger.error('a partition failed and is given up', { service: kind.service, partition: owner.partition }, error);
    owner.release();
  }
}

const unasked = Promise.resolve(undefined);

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [first] = pieces;
  return pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces);
}
