import { decodeTimelineBatch } from '@parley/contracts/events';
import { topics } from '@parley/contracts/topics';
import { defaultRules, type RulesBook } from '@parley/domain';
import type { CancelTimer } from '@parley/kernel';
import { defaultPolicy, type Lane, LaneScheduler, lanes, type PolicyBook } from '@parley/lanes';
import { type AcceptedRecord, claimPartition, type PartitionOwner, startOfLog } from '@parley/ownedlog';
import { decodeConversationEvent } from '@parley/wire';
import { routerLimits } from '../limits.js';
import type { RouterDeps } from '../ports.js';
import type { RouterEvents } from '../events.js';
import type { LaneLoads } from '../overload/lane-loads.js';
import { Ledger } from '../overload/ledger.js';
import { Shedding } from '../overload/shedding.js';
import type { TransitClock } from '../overload/transit-clock.js';
import { Batch, type BatchSinks } from './batch.js';
import type { CommandContext } from './command-context.js';
import { CommandDecider } from './command-decider.js';
import { Conversations } from './conversations.js';
import { conversationKey, type ConversationState } from './conversation-state.js';
import { DedupeWindow, sendKey } from './dedupe-window.js';
import { LaneIntake, type PendingRecord } from './lane-intake.js';
import { Preparations } from './preparations.js';
import { Questions } from './questions.js';
import { Sequencer } from './sequencer.js';
import { countTransients } from './transient-content.js';
import { WaitingCommands } from './waiting-commands.js';
import { Wake } from './wake.js';

const defaultPolicies: PolicyBook = { policyOf: () => defaultPolicy };
const rulesByDefault: RulesBook = { rulesOf: () => defaultRules };

export interface PartitionRouterOptions {
  readonly sinks: BatchSinks;
  readonly events: RouterEvents;
  /** Of the whole process. */
  readonly loads: LaneLoads;
  readonly transits: TransitClock;
}

/** The router of one partition: takes the lanes' commands, appends to the timeline, tells everybody. */
export class PartitionRouter {
  readonly partition: number;
  readonly conversations: Conversations;
  readonly #deps: RouterDeps;
  readonly #events: RouterEvents;
  readonly #sinks: BatchSinks;
  readonly #scheduler = new LaneScheduler();
  readonly #wake = new Wake();
  readonly #window = new DedupeWindow({ windowMs: routerLimits.dedupeWindowMs, entriesMax: routerLimits.dedupeEntriesMax });
  readonly #questions: Questions;
  readonly #preparations: Preparations;
  readonly #waiting = new WaitingCommands(routerLimits.waitingCommandsMax);
  readonly #intake: LaneIntake;
  readonly #loads: LaneLoads;
  readonly #shedding: Shedding;
  readonly #ledger = new Ledger();
  readonly #consumed = new Map<string, number>();
  readonly #trimmed = new Map<string, number>();
  #lastTimeMs = 0;
  #hasUnwrittenPositions = false;
  #isPositionDue = false;
  #cancelPosition: CancelTimer = () => {};
  #owner: PartitionOwner | undefined;

  constructor(partition: number, deps: RouterDeps, options: PartitionRouterOptions) {
    this.partition = partition;
    this.#deps = deps;
    this.#events = options.events;
    this.#sinks = options.sinks;
    this.#loads = options.loads;
    this.#shedding = new Shedding(deps.clock.monotonic());
    this.conversations = new Conversations(deps.history, routerLimits.conversationsMax, () => this.timelineEnd);
    const { log, clock, telemetry, history } = deps;
    const onReady = (): void => this.#wake.call();
    this.#questions = new Questions({ history, window: this.#window, timelineEnd: () => this.timelineEnd, onSettled: onReady });
    this.#preparations = new Preparations({ conversations: this.conversations, questions: this.#questions, onReady });
    const { transits } = options;
    const onRecord = (record: PendingRecord): void => this.#receive(record);
    this.#intake = new LaneIntake({ log, partition, clock, logger: telemetry.logger, transits, onRecord });
  }

  /** Claims the partition; resolves with the fence once everything before the claim is known. */
  async takeOver(signal: AbortSignal): Promise<number> {
    const from = await this.#deps.history.getCheckpoint(
      { partition: this.partition },
      { signal, timeoutMs: routerLimits.checkpointWithinMs },
    );
    this.#owner = await claimPartition(this.#deps, {
      topic: topics.timeline,
      partition: this.partition,
      from: from.index === 0 ? startOfLog : from,
      onRecord: (record) => this.#fold(record),
      signal,
    });
    for (const [lane, offset] of this.#owner.positions) {
      this.#consumed.set(lane, offset);
      this.#trimmed.set(lane, offset);
    }
    return this.#owner.fence;
  }

  /** How far the timeline goes; offset. */
  get timelineEnd(): number {
    return this.#owner?.position.offset ?? 0;
  }

  /** How long the lane's head has waited; 0 when nothing waits. */
  oldestMs(lane: Lane): number {
    const head = this.#intake.head(lane);
    return head === undefined ? 0 : this.#deps.clock.monotonic() - head.sinceMs;
  }

  /** Looks into the log whether somebody else has claimed the partition; `run` ends then. */
  confirm(): void {
    // What it finds is told by the owner's signal; a log that cannot be read is asked again with the next append.
    this.#owner?.confirm().catch(() => {});
  }

  /** Decides and appends until the signal is aborted; throws OwnershipLostError when somebody else has claimed. */
  async run(signal: AbortSignal): Promise<void> {
    const owner = this.#owner;
    if (owner === undefined) throw new Error('the partition has not been taken over');
    const stop = AbortSignal.any([signal, owner.lost]);
    stop.addEventListener('abort', () => this.#wake.call(), { once: true });
    const failure = this.#intake.run(this.#consumed, stop).catch((error: unknown) => {
      owner.release();
      this.#wake.call();
      throw error;
    });
    try {
      await Promise.all([failure, this.#serve(owner, stop)]);
    } finally {
      this.#cancelPosition();
      owner.release();
    }
    if (!signal.aborted) throw owner.lost.reason;
  }

  async #serve(owner: PartitionOwner, stop: AbortSignal): Promise<void> {
    const decider = this.#createDecider(owner.fence);
    this.#writePositionsAfter(routerLimits.idlePositionEveryMs);
    while (!stop.aborted) {
      const batch = this.#collect(decider);
      if (batch.needsAppend || this.#isPositionDue) await this.#commit(owner, batch);
      else if (batch.commands === 0) {
        await this.#wake.wait();
        continue;
      } else this.#schedulePosition();
      this.#ledger.settle(this.#events.decided);
      batch.release(owner.position.offset - 1);
      this.#trimLanes();
    }
  }

  #createDecider(fence: number): CommandDecider {
    const { clock, policies = defaultPolicies, rules = rulesByDefault } = this.#deps;
    const { partition, conversations } = this;
    const window = this.#window;
    const sequencer = new Sequencer({ partition, fence, clock, policies, rules, window, lastTimeMs: this.#lastTimeMs });
    const [questions, waiting, ledger, events] = [this.#questions, this.#waiting, this.#ledger, this.#events];
    return new CommandDecider({ partition, conversations, questions, waiting, sequencer, ledger, events });
  }

  async #commit(owner: PartitionOwner, batch: Batch): Promise<void> {
    const startedMs = this.#deps.clock.monotonic();
    await owner.append([{ payload: batch.payload, positions: this.#consumed }]);
    this.#hasUnwrittenPositions = false;
    if (this.#isPositionDue) this.#writePositionsAfter(routerLimits.idlePositionEveryMs);
    this.#isPositionDue = false;
    this.#events.committed(batch.storedEvents, this.#deps.clock.monotonic() - startedMs);
  }

  /** Takes what is ready from the lanes, by weight, and decides about it. */
  #collect(decider: CommandDecider): Batch {
    const batch = new Batch(this.#sinks);
    const now = this.#deps.clock.monotonic();
    this.#shedding.observe(now, Math.max(this.oldestMs('medium'), this.oldestMs('low')));
    decider.decideAnswered(batch);
    while (batch.commands < routerLimits.batchCommandsMax && batch.bytes < routerLimits.batchBytesMax) {
      if (this.#shedding.isOpen) this.#shedHeads(now, decider, batch);
      const lane = this.#scheduler.next({
        system: this.#offer('system', now),
        high: this.#offer('high', now),
        medium: this.#offer('medium', now),
        low: this.#offer('low', now),
      });
      if (lane === undefined) break;
      this.#decideRecord(this.#intake.take(lane), decider, batch);
    }
    return batch;
  }

  /**
   * Takes the records at the lanes' heads of which nothing is left when their transient messages are shed, the
   * oldest first: that needs no turn of the lane, so what is stored comes up sooner.
   */
  #shedHeads(now: number, decider: CommandDecider, batch: Batch): void {
    for (const lane of ['low', 'medium'] as const) {
      while (batch.shedCommands < routerLimits.batchShedMax) {
        const record = this.#intake.head(lane);
        if (record === undefined || record.commands.length === 0 || !this.#isReady(record)) break;
        if (this.#shedOf(record, now) < record.commands.length) break;
        this.#decideRecord(this.#intake.take(lane), decider, batch);
      }
    }
  }

  /** How many commands of a record are shed when it is decided now. */
  #shedOf(record: PendingRecord, now: number): number {
    if (!this.#shedding.isOpen || !this.#shedding.sheds(record.lane, now - record.sinceMs)) return 0;
    record.transients ??= countTransients(record.commands);
    return record.transients;
  }

  /** A lane whose head still waits for its conversations offers nothing; the other lanes go on. */
  #offer(lane: Lane, now: number): { cost: number; ageMs: number } | undefined {
    const record = this.#intake.head(lane);
    if (record === undefined || !this.#isReady(record)) return undefined;
    return { cost: Math.max(1, record.commands.length - this.#shedOf(record, now)), ageMs: now - record.arrivedMs };
  }

  /** Single commands of a record stand aside while history is asked for them, as long as there is room for them. */
  #isReady(record: PendingRecord): boolean {
    if (!this.#preparations.isReady(record)) return false;
    return this.#waiting.hasRoom || !this.#preparations.hasOpenQuestions(record);
  }

  #decideRecord(record: PendingRecord, decider: CommandDecider, batch: Batch): void {
    const { failed, questions } = this.#preparations.take(record);
    this.#consumed.set(record.lane, record.nextOffset);
    this.#hasUnwrittenPositions = true;
    const { lane, commands } = record;
    const nowMs = this.#deps.clock.monotonic();
    const waitedMs = nowMs - record.sinceMs;
    const isShedding = this.#shedding.sheds(lane, waitedMs);
    const shedBefore = batch.shedCommands;
    let context: CommandContext | undefined;
    for (const [index, command] of commands.entries()) {
      const state = this.#stateOf(record, index);
      const reason = failed?.get(conversationKey(command.app, command.conversation));
      if (state === undefined || reason !== undefined) {
        batch.refuse(command, reason?.error ?? 'UNAVAILABLE', reason);
        this.#ledger.count(lane, 'refused');
        continue;
      }
      const question = questions?.get(command);
      if (decider.putAside(command, { lane, state, question })) continue;
      context ??= { lane, isShedding, state, question };
      context.state = state;
      context.question = question;
      decider.decide(command, context, batch);
    }
    batch.commands += Math.max(1, commands.length) - (batch.shedCommands - shedBefore);
    this.#shedding.record(lane, waitedMs, commands.length);
    this.#loads.record(lane, waitedMs, commands.length);
    this.#events.taken(lane, commands.length, nowMs - record.arrivedMs);
  }

  #stateOf(record: PendingRecord, index: number): ConversationState | undefined {
    const state = record.states[index];
    if (state !== undefined && !state.isEvicted) return state;
    const command = record.commands[index];
    return command === undefined ? undefined : this.conversations.get(conversationKey(command.app, command.conversation));
  }

  #receive(record: PendingRecord): void {
    this.#preparations.start(record);
    this.#loads.wake();
    this.#wake.call();
  }

  /** Positions that came without output are written soon. */
  #schedulePosition(): void {
    if (!this.#hasUnwrittenPositions) return;
    this.#hasUnwrittenPositions = false;
    this.#writePositionsAfter(routerLimits.positionEveryMs);
  }

  #writePositionsAfter(delayMs: number): void {
    this.#cancelPosition();
    this.#cancelPosition = this.#deps.clock.setTimer(delayMs, () => {
      this.#isPositionDue = true;
      this.#wake.call();
    });
  }

  #trimLanes(): void {
    for (const lane of lanes) {
      const before = this.#consumed.get(lane);
      if (before === undefined || before === this.#trimmed.get(lane)) continue;
      this.#trimmed.set(lane, before);
      this.#deps.log.trim(topics.lanes[lane], this.partition, before).catch((error: unknown) => this.#events.trimFailed(error));
    }
  }

  /** Rebuilds the window and the tail from the timeline, while the partition is taken over. */
  #fold(record: AcceptedRecord): void {
    if (record.payload.length === 0) return;
    for (const entry of decodeTimelineBatch(record.payload).entries) {
      const event = decodeConversationEvent(entry.event);
      const { conversation, seq, messageId, timeMs, sender, clientMsgId } = event;
      this.#lastTimeMs = Math.max(this.#lastTimeMs, timeMs);
      this.conversations.foldTail(entry, event, record.offset);
      if (seq === 0 || clientMsgId === '') continue;
      const { bodyHash } = entry;
      this.#window.add(sendKey(conversationKey(entry.app, conversation), sender, clientMsgId), { seq, messageId, timeMs, bodyHash });
    }
  }
}
