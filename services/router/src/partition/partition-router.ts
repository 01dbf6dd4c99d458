import { decodeTimelineBatch, type LaneCommand } from '@parley/contracts/events';
import { topics } from '@parley/contracts/topics';
import { type CancelTimer, ParleyError } from '@parley/kernel';
import { type Lane, LaneScheduler, lanes } from '@parley/lanes';
import { type AcceptedRecord, claimPartition, type PartitionOwner, startOfLog } from '@parley/ownedlog';
import { decodeConversationEvent } from '@parley/wire';
import { routerLimits } from '../limits.js';
import type { RouterDeps } from '../ports.js';
import type { RouterEvents } from '../events.js';
import { Batch, type BatchSinks } from './batch.js';
import { Conversations } from './conversations.js';
import { conversationKey, type ConversationState } from './conversation-state.js';
import { DedupeWindow, type PriorSend, sendKey } from './dedupe-window.js';
import { LaneIntake, type PendingRecord } from './lane-intake.js';
import { Sequencer } from './sequencer.js';
import { Wake } from './wake.js';

/** What a record still waits for, and what was found for it. */
interface Preparation {
  waiting: number;
  /** Conversations that could not be loaded, with the reason. */
  failed: Map<string, ParleyError> | undefined;
  /** Earlier sends that history knows, by command. */
  found: Map<LaneCommand, PriorSend> | undefined;
}

const historyCall = { timeoutMs: routerLimits.loadWithinMs };
const ready: Preparation = { waiting: 0, failed: undefined, found: undefined };

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
  readonly #preparations = new Map<PendingRecord, Preparation>();
  readonly #intake: LaneIntake;
  readonly #consumed = new Map<string, number>();
  readonly #trimmed = new Map<string, number>();
  #lastTimeMs = 0;
  #hasUnwrittenPositions = false;
  #isPositionDue = false;
  #cancelPosition: CancelTimer = () => {};
  #owner: PartitionOwner | undefined;

  constructor(partition: number, deps: RouterDeps, options: { readonly sinks: BatchSinks; readonly events: RouterEvents }) {
    this.partition = partition;
    this.#deps = deps;
    this.#events = options.events;
    this.#sinks = options.sinks;
    this.conversations = new Conversations(deps.history, routerLimits.conversationsMax);
    const { log, clock, telemetry } = deps;
    const onRecord = (record: PendingRecord): void => this.#receive(record);
    this.#intake = new LaneIntake({ log, partition, clock, logger: telemetry.logger, onRecord });
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
    const { clock } = this.#deps;
    const { partition } = this;
    const sequencer = new Sequencer({ partition, fence: owner.fence, clock, window: this.#window, lastTimeMs: this.#lastTimeMs });
    this.#writePositionsAfter(routerLimits.idlePositionEveryMs);
    while (!stop.aborted) {
      const batch = this.#collect(sequencer);
      if (batch.needsAppend || this.#isPositionDue) await this.#commit(owner, batch);
      else if (batch.commands === 0) {
        await this.#wake.wait();
        continue;
      } else this.#schedulePosition();
      batch.release(owner.position.offset - 1);
      this.#trimLanes();
    }
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
  #collect(sequencer: Sequencer): Batch {
    const batch = new Batch(this.#sinks);
    const now = this.#deps.clock.monotonic();
    while (batch.commands < routerLimits.batchCommandsMax && batch.bytes < routerLimits.batchBytesMax) {
      const lane = this.#scheduler.next({
        system: this.#offer('system', now),
        high: this.#offer('high', now),
        medium: this.#offer('medium', now),
        low: this.#offer('low', now),
      });
      if (lane === undefined) break;
      this.#decideRecord(this.#intake.take(lane), sequencer, batch);
    }
    return batch;
  }

  /** A lane whose head still waits for its conversations offers nothing; the other lanes go on. */
  #offer(lane: Lane, now: number): { cost: number; ageMs: number } | undefined {
    const record = this.#intake.head(lane);
    if (record === undefined || !this.#isReady(record)) return undefined;
    return { cost: Math.max(1, record.commands.length), ageMs: now - record.arrivedMs };
  }

  #isReady(record: PendingRecord): boolean {
    return (this.#preparations.get(record) ?? ready).waiting === 0;
  }

  #decideRecord(record: PendingRecord, sequencer: Sequencer, batch: Batch): void {
    const { failed, found } = this.#preparations.get(record) ?? ready;
    this.#preparations.delete(record);
    this.#consumed.set(record.lane, record.nextOffset);
    this.#hasUnwrittenPositions = true;
    batch.commands += Math.max(1, record.commands.length);
    for (const [index, command] of record.commands.entries()) {
      const state = this.#stateOf(record, index);
      const reason = failed?.get(conversationKey(command.app, command.conversation));
      if (state === undefined || reason !== undefined) {
        batch.refuse(command, reason?.error ?? 'UNAVAILABLE', reason?.retryAfterMs);
        continue;
      }
      try {
        sequencer.decide(command, state, found?.get(command), batch);
      } catch (error) {
        this.#events.undecidable(this.partition, error);
        batch.refuse(command, 'INVALID_ARGUMENT');
      }
    }
    this.#events.taken(record.lane, record.commands.length, this.#deps.clock.monotonic() - record.arrivedMs);
  }

  #stateOf(record: PendingRecord, index: number): ConversationState | undefined {
    const state = record.states[index];
    if (state !== undefined && !state.isEvicted) return state;
    const command = record.commands[index];
    return command === undefined ? undefined : this.conversations.get(conversationKey(command.app, command.conversation));
  }

  #receive(record: PendingRecord): void {
    this.#prepare(record);
    this.#wake.call();
  }

  /** Loads what the record's commands need and is not in memory. */
  #prepare(record: PendingRecord): void {
    let preparation: Preparation | undefined;
    for (const command of record.commands) {
      const state = this.conversations.get(conversationKey(command.app, command.conversation));
      record.states.push(state);
      const needsState = state === undefined;
      const needsPrior = this.#isOldRetry(command);
      if (!needsState && !needsPrior) continue;
      preparation ??= { waiting: 0, failed: undefined, found: undefined };
      if (needsState) void this.#await(preparation, command, this.conversations.load(command.app, command.conversation));
      if (needsPrior) void this.#await(preparation, command, this.#findPrior(preparation, command));
    }
    if (preparation !== undefined) this.#preparations.set(record, preparation);
  }

  async #await(preparation: Preparation, command: LaneCommand, work: Promise<unknown>): Promise<void> {
    preparation.waiting++;
    try {
      await work;
    } catch (error) {
      preparation.failed ??= new Map();
      preparation.failed.set(conversationKey(command.app, command.conversation), ParleyError.from(error));
    }
    if (--preparation.waiting === 0) this.#wake.call();
  }

  #isOldRetry(command: LaneCommand): boolean {
    if (command.body?.type !== 'send' || !command.body.value.isRetry) return false;
    const { sender, clientMsgId } = command.body.value;
    return this.#window.find(sendKey(conversationKey(command.app, command.conversation), sender, clientMsgId)) === undefined;
  }

  async #findPrior(preparation: Preparation, command: LaneCommand): Promise<void> {
    if (command.body?.type !== 'send') return;
    const { sender, clientMsgId } = command.body.value;
    const { app, conversation } = command;
    const atLeastOffset = this.#owner?.position.offset ?? 0;
    const answer = await this.#deps.history.findSend({ app, conversation, sender, clientMsgId, atLeastOffset }, historyCall);
    if (!answer.found) return;
    preparation.found ??= new Map();
    preparation.found.set(command, answer);
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
      const { conversation, seq, messageId, timeMs } = event;
      this.#lastTimeMs = Math.max(this.#lastTimeMs, timeMs);
      const membership = event.body?.type === 'membership' ? event.body.value : undefined;
      const { app, countable, bodyHash } = entry;
      this.conversations.foldTail({ app, conversation, seq, countable, offset: record.offset, membership });
      if (membership !== undefined || event.clientMsgId === '') continue;
      this.#window.add(sendKey(conversationKey(app, conversation), event.sender, event.clientMsgId), { seq, messageId, timeMs, bodyHash });
    }
  }
}
