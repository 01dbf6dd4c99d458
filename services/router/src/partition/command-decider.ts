import type { LaneCommand } from '@parley/contracts/events';
import type { Lane } from '@parley/lanes';
import type { RouterEvents } from '../events.js';
import { routerLimits } from '../limits.js';
import type { Ledger } from '../overload/ledger.js';
import type { Batch } from './batch.js';
import type { CommandContext } from './command-context.js';
import type { Conversations } from './conversations.js';
import { conversationKey, type ConversationState } from './conversation-state.js';
import type { Question, Questions } from './questions.js';
import type { Sequencer } from './sequencer.js';
import { chainOf, type WaitingCommands } from './waiting-commands.js';

export interface CommandDeciderDeps {
  readonly partition: number;
  readonly conversations: Conversations;
  readonly questions: Questions;
  readonly waiting: WaitingCommands;
  readonly sequencer: Sequencer;
  readonly ledger: Ledger;
  readonly events: RouterEvents;
}

interface Asking {
  readonly lane: Lane;
  readonly state: ConversationState;
  /** Undefined where nothing had to be asked. */
  readonly question: Question | undefined;
}

/** Brings single commands to their decision, at once or when history has answered what they need. */
export class CommandDecider {
  readonly #deps: CommandDeciderDeps;

  constructor(deps: CommandDeciderDeps) {
    this.#deps = deps;
  }

  /** Counts what becomes of the command in the ledger. */
  decide(command: LaneCommand, context: Readonly<CommandContext>, batch: Batch): void {
    const { sequencer, ledger, events, partition } = this.#deps;
    const { lane } = context;
    try {
      ledger.count(lane, sequencer.decide(command, context, batch));
    } catch (error) {
      events.undecidable(partition, error);
      batch.refuse(command, 'INVALID_ARGUMENT');
      ledger.count(lane, 'refused');
    }
  }

  /** Lets a command wait for history, or behind one of the same sender that does; false when it can be decided now. */
  putAside(command: LaneCommand, asking: Asking): boolean {
    const { waiting } = this.#deps;
    const { lane, question } = asking;
    if (question === undefined && waiting.size === 0) return false;
    const chain = chainOf(lane, command);
    if (question?.isOpen !== true && !waiting.holds(chain)) return this.#askAnew(command, asking);
    waiting.add(chain, { lane, command, question });
    return true;
  }

  /** Decides about those that stood aside and know now what they need. */
  decideAnswered(batch: Batch): void {
    const { conversations, ledger, waiting } = this.#deps;
    while (batch.commands < routerLimits.batchCommandsMax && batch.bytes < routerLimits.batchBytesMax) {
      const next = waiting.take();
      if (next === undefined) return;
      const { lane, command, question } = next;
      batch.commands++;
      const state = conversations.get(conversationKey(command.app, command.conversation));
      if (state === undefined) {
        batch.refuse(command, 'UNAVAILABLE');
        ledger.count(lane, 'refused');
      } else if (!this.#askAnew(command, { lane, state, question })) {
        this.decide(command, { lane, isShedding: false, state, question }, batch);
      }
    }
  }

  /** What was done since may no longer be remembered here; then the answers are too old. */
  #askAnew(command: LaneCommand, { lane, state, question }: Asking): boolean {
    if (question === undefined || question.targets.size === 0 || question.floorSeq >= state.targetsFloorSeq) return false;
    const { questions, waiting } = this.#deps;
    waiting.putBack(chainOf(lane, command), { lane, command, question: questions.ask(command, state) });
    return true;
  }
}
