import type { LaneCommand } from '@parley/contracts/events';
import type { Lane } from '@parley/lanes';
import type { Question } from './questions.js';

/** A command that was taken from its lane and waits for history. */
export interface WaitingCommand {
  readonly lane: Lane;
  readonly command: LaneCommand;
  readonly question: Question | undefined;
}

/** Whose commands wait behind each other: those of one lane, conversation and sender. */
export function chainOf(lane: Lane, { app, conversation, body }: LaneCommand): string {
  const sender = body?.type === 'send' || body?.type === 'act' ? body.value.sender : '';
  return `${lane}/${app}/${conversation}/${sender}`;
}

/**
 * Commands that must know what history has not answered yet. They stand aside, so that their lane goes on; what the same
 * sender says next in the conversation waits behind them, so that it keeps its order.
 */
export class WaitingCommands {
  readonly #capacity: number;
  readonly #chains = new Map<string, WaitingCommand[]>();
  readonly #ready = new Set<string>();
  #size = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#size;
  }

  get hasRoom(): boolean {
    return this.#size < this.#capacity;
  }

  /** Whether something of the chain waits. */
  holds(chain: string): boolean {
    return this.#chains.has(chain);
  }

  add(chain: string, waiting: WaitingCommand): void {
    const others = this.#chains.get(chain);
    if (others === undefined) this.#chains.set(chain, [waiting]);
    else others.push(waiting);
    this.#size++;
    this.#watch(chain, waiting);
  }

  /** Puts a command that was taken back to where it stood: it must wait once more. */
  putBack(chain: string, waiting: WaitingCommand): void {
    this.#chains.set(chain, [waiting, ...(this.#chains.get(chain) ?? [])]);
    this.#size++;
    this.#watch(chain, waiting);
  }

  /** The next command that waits for nothing any more, and need not wait for others either. */
  take(): WaitingCommand | undefined {
    for (const chain of this.#ready) {
      const waiting = this.#chains.get(chain);
      const [first] = waiting ?? [];
      if (waiting === undefined || first === undefined || first.question?.isOpen === true) {
        this.#ready.delete(chain);
        continue;
      }
      waiting.shift();
      this.#size--;
      if (waiting.length === 0) this.#chains.delete(chain);
      return first;
    }
    return undefined;
  }

  #watch(chain: string, { question }: WaitingCommand): void {
    if (question?.isOpen !== true) return;
    question.onSettled = () => this.#ready.add(chain);
  }
}
