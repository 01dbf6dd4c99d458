import type { Lane } from '@parley/lanes';
import type { ConversationState } from './conversation-state.js';
import type { Question } from './questions.js';

/** What a command is decided with. One object serves all commands of a record: nothing may be kept of it. */
export interface CommandContext {
  readonly lane: Lane;
  /** The lane waits too long: its transient messages are to be shed. */
  readonly isShedding: boolean;
  state: ConversationState;
  /** What history was asked for the command; its answers are there. Undefined when there was no need. */
  question: Question | undefined;
}
