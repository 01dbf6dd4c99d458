import type { LaneCommand } from '@parley/contracts/events';
import { ParleyError } from '@parley/kernel';
import type { Conversations } from './conversations.js';
import { conversationKey, type ConversationState } from './conversation-state.js';
import type { PendingRecord } from './lane-intake.js';
import type { Question, Questions } from './questions.js';

/** What a record still waits for, and what was found for it. */
interface Preparation {
  /** Conversations that are being loaded. */
  waiting: number;
  /** Conversations that could not be loaded, with the reason. */
  failed: Map<string, ParleyError> | undefined;
  /** What is asked for single commands; the record does not wait for it. */
  questions: Map<LaneCommand, Question> | undefined;
}

export interface PreparationsDeps {
  readonly conversations: Conversations;
  readonly questions: Questions;
  /** Called when a record waits no longer. */
  readonly onReady: () => void;
}

const nothing: Preparation = { waiting: 0, failed: undefined, questions: undefined };

/** Fetches what the commands of records need and is not in memory, while the records wait in their lanes. */
export class Preparations {
  readonly #deps: PreparationsDeps;
  readonly #byRecord = new Map<PendingRecord, Preparation>();

  constructor(deps: PreparationsDeps) {
    this.#deps = deps;
  }

  start(record: PendingRecord): void {
    const { conversations, questions } = this.#deps;
    let preparation: Preparation | undefined;
    for (const command of record.commands) {
      const state = conversations.get(conversationKey(command.app, command.conversation));
      record.states.push(state);
      const loading = state ?? conversations.load(command.app, command.conversation);
      const question = questions.ask(command, loading);
      if (state !== undefined && question === undefined) continue;
      preparation ??= { waiting: 0, failed: undefined, questions: undefined };
      if (loading instanceof Promise) void this.#await(preparation, command, loading);
      if (question === undefined) continue;
      preparation.questions ??= new Map();
      preparation.questions.set(command, question);
    }
    if (preparation !== undefined) this.#byRecord.set(record, preparation);
  }

  /** Whether the conversations of the record are in memory. */
  isReady(record: PendingRecord): boolean {
    return (this.#byRecord.get(record) ?? nothing).waiting === 0;
  }

  /** Whether history has yet to answer what was asked for single commands. */
  hasOpenQuestions(record: PendingRecord): boolean {
    for (const { isOpen } of this.#byRecord.get(record)?.questions?.values() ?? []) if (isOpen) return true;
    return false;
  }

  /** What was found for a record that is decided now. */
  take(record: PendingRecord): Pick<Preparation, 'failed' | 'questions'> {
    const preparation = this.#byRecord.get(record) ?? nothing;
    this.#byRecord.delete(record);
    return preparation;
  }

  async #await(preparation: Preparation, command: LaneCommand, loading: Promise<ConversationState>): Promise<void> {
    preparation.waiting++;
    try {
      await loading;
    } catch (error) {
      preparation.failed ??= new Map();
      preparation.failed.set(conversationKey(command.app, command.conversation), ParleyError.from(error));
    }
    if (--preparation.waiting === 0) this.#deps.onReady();
  }
}
