import type { LaneCommand } from '@parley/contracts/events';
import type { GetTargetRequestInit, GetTargetResponse } from '@parley/contracts/history';
import { ParleyError } from '@parley/kernel';
import { routerLimits } from '../limits.js';
import type { HistoryReader } from '../ports.js';
import { type CommandNeeds, isUnknown, needsOf } from './command-needs.js';
import type { ConversationState } from './conversation-state.js';
import type { DedupeWindow, PriorSend } from './dedupe-window.js';

/** What is asked of history for one command, and what it has answered so far. */
export interface Question {
  /** Answers are still to come. */
  isOpen: boolean;
  /** Why there is no answer. */
  failure: ParleyError | undefined;
  /** What became of an earlier send of the same id. */
  prior: PriorSend | undefined;
  /** Messages by their seq; those that there are not are absent. */
  readonly targets: Map<number, GetTargetResponse>;
  /** The sender is no member and was one: up to where they may see the conversation. */
  former: { readonly headSeq: number } | undefined;
  /** The answers contain everything that was done up to here. */
  floorSeq: number;
  /** Called once, when the question is open no longer. */
  onSettled: (() => void) | undefined;
}

export interface QuestionsDeps {
  readonly history: HistoryReader;
  readonly window: DedupeWindow;
  /** How far the timeline goes: history must have come this far to know of every earlier send. */
  readonly timelineEnd: () => number;
  /** Called whenever a question is open no longer. */
  readonly onSettled: () => void;
}

interface PendingTarget {
  readonly atLeastSeq: number;
  readonly answer: Promise<GetTargetResponse>;
}

const historyCall = { timeoutMs: routerLimits.loadWithinMs };

/** Asks history what commands are about; equal questions share one call. */
export class Questions {
  readonly #deps: QuestionsDeps;
  readonly #pending = new Map<string, PendingTarget>();
  #open = 0;

  constructor(deps: QuestionsDeps) {
    this.#deps = deps;
  }

  /** Undefined when the command needs nothing. Of a conversation that is still being loaded it is asked afterwards. */
  ask(command: LaneCommand, state: ConversationState | Promise<ConversationState>): Question | undefined {
    const needs = needsOf(command, this.#deps.window, state instanceof Promise ? undefined : state);
    if (needs === undefined) return undefined;
    const question: Question = {
      isOpen: true,
      failure: undefined,
      prior: undefined,
      targets: new Map(),
      former: undefined,
      floorSeq: 0,
      onSettled: undefined,
    };
    void this.#answer(question, command, { needs, state });
    return question;
  }

  async #answer(
    question: Question,
    command: LaneCommand,
    { needs, state }: { readonly needs: CommandNeeds; readonly state: ConversationState | Promise<ConversationState> },
  ): Promise<void> {
    const calls = needs.seqs.length + 1 + Number(needs.isFormerAsked);
    this.#open += calls;
    try {
      if (this.#open > routerLimits.questionsMax) throw new ParleyError('OVERLOADED', '', { retryAfterMs: 1_000 });
      const known = await state;
      question.floorSeq = known.targetsFloorSeq;
      // What is not committed yet nobody can know of; history would wait for it in vain.
      const seqs = needs.seqs.filter((seq) => seq <= known.committedSeq);
      await Promise.all([
        this.#findPrior(question, command, needs),
        ...seqs.map((seq) => this.#findTarget(question, seq, { needs, known })),
        this.#findFormer(question, needs, known),
      ]);
    } catch (error) {
      question.failure = ParleyError.from(error);
    } finally {
      this.#open -= calls;
      question.isOpen = false;
      question.onSettled?.();
      this.#deps.onSettled();
    }
  }

  async #findPrior(question: Question, { app, conversation }: LaneCommand, { prior }: CommandNeeds): Promise<void> {
    if (prior === undefined) return;
    const { sender, clientMsgId } = prior;
    const { history, timelineEnd } = this.#deps;
    const answer = await history.findSend({ app, conversation, sender, clientMsgId, atLeastOffset: timelineEnd() }, historyCall);
    if (answer.found) question.prior = answer;
  }

  async #findTarget(
    question: Question,
    seq: number,
    { needs: { user, reaction }, known }: { readonly needs: CommandNeeds; readonly known: ConversationState },
  ): Promise<void> {
    const { app, conversation } = known;
    const atLeastSeq = Math.max(seq, known.targetsFloorSeq);
    const answer = await this.#share({ app, conversation: conversation.id, seq, user, reaction, atLeastSeq });
    if (answer.exists) question.targets.set(seq, answer);
  }

  /** Whoever was here has been let in before what is committed by now. */
  async #findFormer(question: Question, { user, isFormerAsked }: CommandNeeds, known: ConversationState): Promise<void> {
    if (!isFormerAsked || !isUnknown(known, user)) return;
    const { app, conversation, committedSeq: atLeastSeq } = known;
    const { exists, headSeq } = await this.#share({ app, conversation: conversation.id, seq: 0, user, reaction: '', atLeastSeq });
    if (exists) question.former = { headSeq };
  }

  #share(request: Required<GetTargetRequestInit> & { readonly atLeastSeq: number }): Promise<GetTargetResponse> {
    const { app, conversation, seq, user, reaction, atLeastSeq } = request;
    const key = `${app}/${conversation}/${seq}/${user}/${reaction}`;
    const pending = this.#pending.get(key);
    if (pending !== undefined && pending.atLeastSeq >= atLeastSeq) return pending.answer;
    const answer = this.#deps.history.getTarget(request, historyCall).finally(() => {
      if (this.#pending.get(key)?.answer === answer) this.#pending.delete(key);
    });
    this.#pending.set(key, { atLeastSeq, answer });
    return answer;
  }
}
