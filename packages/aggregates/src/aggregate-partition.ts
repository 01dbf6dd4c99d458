import type { PendingForward } from '@parley/contracts/events';
import type { Outcome } from '@parley/contracts/router';
import { BoundedQueue, type CancelTimer, ParleyError } from '@parley/kernel';
import { type OwnedDraft, type OwnedPosition, OwnershipLostError, type PartitionOwner, takeSnapshot } from '@parley/ownedlog';
import type { AggregateEvent, AggregateKind } from './aggregate-kind.js';
import type { AggregateMetrics } from './aggregate-metrics.js';
import type { AggregateStates } from './aggregate-states.js';
import { type CommandRequest, type DecidedBatch, decideBatch, type Verdict } from './decide-batch.js';
import { aggregateLimits, overloadedRetryMs } from './limits.js';
import type { MembershipForwarder } from './membership-forwarder.js';
import type { PartitionClock } from './partition-clock.js';
import type { AggregateHostDeps } from './ports.js';
import { inputs } from './positions.js';
import { SnapshotSchedule } from './snapshot-schedule.js';

/** What an accepted command led to. */
export interface Committed<State> {
  /** The aggregate once the command was carried out. */
  readonly state: State;
  /** The router's answer to the newest change of the membership, once it has one. */
  readonly settled: Promise<Outcome | undefined>;
}

/** A command that waits for its batch. */
interface WaitingCommand<State, Command> extends CommandRequest<Command> {
  readonly asksForHead: boolean;
  readonly resolve: (committed: Committed<State>) => void;
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
}

/**
 * Takes commands for the aggregates of one partition, one batch at a time: what comes while an append is on its
 * way is decided and appended together next. Nobody hears of a decision before it is committed.
 */
export class AggregatePartition<State, Command, Event extends AggregateEvent> {
  readonly #parts: PartitionParts<State, Command, Event>;
  readonly #waiting = new BoundedQueue<WaitingCommand<State, Command>>(aggregateLimits.waitingCommandsMax);
  #inFlight: { readonly commands: readonly WaitingCommand<State, Command>[]; readonly batch: DecidedBatch<State, Event> } | undefined;
  #working: Promise<void> | undefined;
  #writtenIndex: number;
  #cancelPosition: CancelTimer | undefined;
  #isPositionDue = false;
  readonly #snapshots: SnapshotSchedule;

  constructor(parts: PartitionParts<State, Command, Event>, recordsSinceSnapshot: number) {
    this.#parts = parts;
    this.#writtenIndex = parts.forwarder.confirmedIndex;
    this.#snapshots = new SnapshotSchedule({
      every: parts.deps.snapshotEveryRecords ?? aggregateLimits.snapshotEveryRecords,
      records: recordsSinceSnapshot,
      take: () => this.#takeSnapshot(),
    });
    parts.owner.lost.addEventListener('abort', () => this.#refuseWaiting(), { once: true });
  }

  get fence(): number {
    return this.#parts.owner.fence;
  }

  /** Aborted when this process no longer owns the partition. */
  get lost(): AbortSignal {
    return this.#parts.owner.lost;
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

  /** Decides a command and commits what follows. Rejects with the refusal, NOT_OWNER or OVERLOADED. */
  execute(request: CommandRequest<Command> & { readonly asksForHead: boolean }): Promise<Committed<State>> {
    return new Promise((resolve, reject) => {
      if (this.lost.aborted) {
        reject(new ParleyError('NOT_OWNER'));
        return;
      }
      const { forwarder, metrics } = this.#parts;
      const isOver = forwarder.pendingCount >= aggregateLimits.pendingForwardsMax;
      if (isOver || !this.#waiting.push({ ...request, resolve, reject })) {
        metrics.overloaded.add(1);
        reject(new ParleyError('OVERLOADED', 'too many commands wait', { retryAfterMs: overloadedRetryMs }));
        return;
      }
      this.#wake();
    });
  }

  /** To be called when drafts are committed, before anything else is appended. */
  onAppended(drafts: readonly OwnedDraft[], position: OwnedPosition): void {
    const { forwarder } = this.#parts;
    this.#snapshots.count(drafts.length);
    const inFlight = this.#inFlight;
    this.#inFlight = undefined;
    if (inFlight === undefined) return;
    let index = position.index - drafts.length;
    for (const [key, { state, events }] of inFlight.batch.changes) {
      index++;
      this.#parts.states.set(key, state);
      forwarder.add(
        key,
        events.map((event): PendingForward => ({ index, change: this.#parts.kind.membershipOf(event) })),
      );
    }
    this.#answer(inFlight.commands, inFlight.batch.verdicts);
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
    await this.#working;
    await this.#snapshots.ended;
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
    const commands = this.#takeWaiting();
    const batch = decideBatch(this.#parts, commands);
    try {
      if (batch.changes.size === 0) {
        // Answers from the state alone: they hold only if nobody else has claimed meanwhile.
        await owner.confirm();
        this.#answer(commands, batch.verdicts);
        return;
      }
      this.#inFlight = { commands, batch };
      await owner.append(this.#draftsOf(batch));
    } catch (error) {
      this.#inFlight = undefined;
      const isLost = error instanceof OwnershipLostError;
      for (const command of commands) command.reject(isLost ? new ParleyError('NOT_OWNER') : ParleyError.from(error));
      if (isLost) throw error;
      this.#parts.deps.telemetry.logger.error('a batch could not be appended', { service: this.#parts.kind.service }, error);
    }
  }

  async #writePosition(): Promise<void> {
    this.#isPositionDue = false;
    await this.#parts.owner.append([{ payload: new Uint8Array(0), positions: this.#positions() }]);
  }

  #draftsOf(batch: DecidedBatch<State, Event>): readonly OwnedDraft[] {
    const drafts: OwnedDraft[] = [];
    for (const [key, { events }] of batch.changes) {
      const payload = this.#parts.kind.encodeEvents(events);
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

  #answer(commands: readonly WaitingCommand<State, Command>[], verdicts: readonly Verdict<State>[]): void {
    const { forwarder, metrics } = this.#parts;
    commands.forEach((command, i) => {
      const verdict = verdicts[i];
      if (verdict?.type === 'accepted') {
        (verdict.isChanged ? metrics.changed : metrics.unchanged).add(1);
        command.resolve({ state: verdict.state, settled: forwarder.settled(command.name, command.asksForHead) });
      } else if (verdict !== undefined) {
        metrics.refused.add(1);
        if (verdict.error.error === 'INTERNAL') this.#reportFault(verdict.error);
        command.reject(verdict.error);
      }
    });
  }

  #takeWaiting(): readonly WaitingCommand<State, Command>[] {
    const commands: WaitingCommand<State, Command>[] = [];
    while (commands.length < aggregateLimits.batchCommandsMax) {
      const command = this.#waiting.shift();
      if (command === undefined) break;
      commands.push(command);
    }
    return commands;
  }

  #refuseWaiting(): void {
    for (let command = this.#waiting.shift(); command !== undefined; command = this.#waiting.shift()) {
      command.reject(new ParleyError('NOT_OWNER'));
    }
  }

  async #takeSnapshot(): Promise<void> {
    const { owner, states, forwarder, deps, kind } = this.#parts;
    try {
      await takeSnapshot(
        owner,
        states.entries((key) => forwarder.pendingOf(key)),
      );
    } catch (error) {
      if (error instanceof OwnershipLostError) return;
      deps.telemetry.logger.warn(
        'a snapshot failed; the next one is due later',
        { service: kind.service, partition: owner.partition },
        error,
      );
    }
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
