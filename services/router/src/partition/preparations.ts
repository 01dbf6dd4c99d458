import type { LaneCommand } from '@parley/contracts/events';
import { ParleyError } from '@parley/kernel';
import { routerLimits } from '../limits.js';
import type { HistoryReader } from '../ports.js';
import type { Conversations } from './conversations.js';
import { conversationKey } from './conversation-state.js';
import { type DedupeWindow, type PriorSend, sendKey } from './dedupe-window.js';
import type { PendingRecord } from './lane-intake.js';

/** What a record still waits for, and what was found for it. */
interface Preparation {
  waiting: number;
  /** Conversations that could not be loaded, with the reason. */
  failed: Map<string, ParleyError> | undefined;
  /** Earlier sends that history knows, by command. */
  found: Map<LaneCommand, PriorSend> | undefined;
}

export interface PreparationsDeps {
  readonly history: HistoryReader;
  readonly conversations: Conversations;
  readonly window: DedupeWindow;
  /** How far the timeline goes: history must have come this far to know of every earlier send. */
  readonly timelineEnd: () => number;
  /** Called when a record waits no longer. */
  readonly onReady: () => void;
}

const historyCall = { timeoutMs: routerLimits.loadWithinMs };
const nothing: Preparation = { waiting: 0, failed: undefined, found: undefined };

/** Fetches what the commands of records need and is not in memory, while the records wait in their lanes. */
export class Preparations {
  readonly #deps: PreparationsDeps;
  readonly #byRecord = new Map<PendingRecord, Preparation>();

  constructor(deps: PreparationsDeps) {
    this.#deps = deps;
  }

  start(record: PendingRecord): void {
    const { conversations } = this.#deps;
    let preparation: Preparation | undefined;
    for (const command of record.commands) {
      const state = conversations.get(conversationKey(command.app, command.conversation));
      record.states.push(state);
      const needsState = state === undefined;
      const needsPrior = this.#isOldRetry(command);
      if (!needsState && !needsPrior) continue;
      preparation ??= { waiting: 0, failed: undefined, found: undefined };
      if (needsState) void this.#await(preparation, command, conversations.load(command.app, command.conversation));
      if (needsPrior) void this.#await(preparation, command, this.#findPrior(preparation, command));
    }
    if (preparation !== undefined) this.#byRecord.set(record, preparation);
  }

  isReady(record: PendingRecord): boolean {
    return (this.#byRecord.get(record) ?? nothing).waiting === 0;
  }

  /** What was found for a record that is decided now. */
  take(record: PendingRecord): Pick<Preparation, 'failed' | 'found'> {
    const preparation = this.#byRecord.get(record) ?? nothing;
    this.#byRecord.delete(record);
    return preparation;
  }

  async #await(preparation: Preparation, command: LaneCommand, work: Promise<unknown>): Promise<void> {
    preparation.waiting++;
    try {
      await work;
    } catch (error) {
      preparation.failed ??= new Map();
      preparation.failed.set(conversationKey(command.app, command.conversation), ParleyError.from(error));
    }
    if (--preparation.waiting === 0) this.#deps.onReady();
  }

  #isOldRetry(command: LaneCommand): boolean {
    if (command.body?.type !== 'send' || !command.body.value.isRetry) return false;
    const { sender, clientMsgId } = command.body.value;
    return this.#deps.window.find(sendKey(conversationKey(command.app, command.conversation), sender, clientMsgId)) === undefined;
  }

  async #findPrior(preparation: Preparation, command: LaneCommand): Promise<void> {
    if (command.body?.type !== 'send') return;
    const { sender, clientMsgId } = command.body.value;
    const { app, conversation } = command;
    const { history, timelineEnd } = this.#deps;
    const answer = await history.findSend({ app, conversation, sender, clientMsgId, atLeastOffset: timelineEnd() }, historyCall);
    if (!answer.found) return;
    preparation.found ??= new Map();
    preparation.found.set(command, answer);
  }
}
