import { createLaneCommand, type LaneCommand } from '@parley/contracts/events';
import { createOutcome } from '@parley/contracts/router';
import { type ErrorName, errorTable } from '@parley/kernel';
import type { RouterClient, RouterClientEvents } from '@parley/router-client';
import { createMembershipChange, type MembershipChange } from '@parley/wire';

/**
 * - `answer`: as a router should.
 * - `lose`: the lane takes the command and loses it.
 * - `mute`: the change is applied, the outcome gets lost.
 * - `hold`: the command waits for `release`.
 * - an error: the lane or router refuses.
 */
export type Behaviour = 'answer' | 'lose' | 'mute' | 'hold' | ErrorName;

/** What a router knows of a conversation. */
export interface KnownConversation {
  version: number;
  headSeq: number;
  isClosed: boolean;
  readonly members: Set<string>;
  /** Every change that was new to it, in order. */
  readonly changes: MembershipChange[];
}

interface Submitted {
  readonly command: LaneCommand;
  readonly events: RouterClientEvents;
}

/** All routers in one: folds membership changes as the real one does, and misbehaves on demand. */
export class FakeRouter {
  /** Every command that was submitted, repeated ones included. */
  readonly submitted: LaneCommand[] = [];
  behave: (command: LaneCommand) => Behaviour = () => 'answer';
  readonly #conversations = new Map<string, KnownConversation>();
  readonly #held: Submitted[] = [];
  #onSubmitted: (() => void)[] = [];

  connect(peer: string): (events: RouterClientEvents) => RouterClient {
    return (events) => ({
      peer,
      submit: (_lane, init) => {
        const command = createLaneCommand(init);
        this.submitted.push(command);
        queueMicrotask(() => this.#take({ command, events }, this.behave(command)));
        const waiting = this.#onSubmitted;
        this.#onSubmitted = [];
        for (const resolve of waiting) resolve();
      },
      subscribe: () => undefined,
      unsubscribe: () => undefined,
      [Symbol.asyncDispose]: async () => undefined,
    });
  }

  conversation(app: string, conversation: string): KnownConversation {
    const key = `${app}/${conversation}`;
    let known = this.#conversations.get(key);
    if (known === undefined) {
      known = { version: 0, headSeq: 0, isClosed: false, members: new Set(), changes: [] };
      this.#conversations.set(key, known);
    }
    return known;
  }

  /** Resolves once this many commands were submitted since the beginning. */
  async submissions(count: number): Promise<void> {
    while (this.submitted.length < count) await new Promise<void>((resolve) => this.#onSubmitted.push(resolve));
  }

  /** Lets go of what was held. */
  release(): void {
    for (const submitted of this.#held.splice(0)) this.#take(submitted, 'answer');
  }

  #take(submitted: Submitted, behaviour: Behaviour): void {
    const { command, events } = submitted;
    switch (behaviour) {
      case 'lose':
        return;
      case 'hold':
        this.#held.push(submitted);
        return;
      case 'mute':
        this.#apply(command);
        return;
      case 'answer':
        events.outcome(createOutcome({ ...command.origin, seq: this.#apply(command) }));
        return;
      default:
        events.outcome(createOutcome({ ...command.origin, error: errorTable[behaviour].code }));
    }
  }

  #apply({ app, conversation, body }: LaneCommand): number {
    const known = this.conversation(app, conversation);
    if (body?.type !== 'membership') throw new Error('only membership changes are expected');
    const change = body.value.change ?? createMembershipChange({});
    if (change.version <= known.version) return known.headSeq;
    known.version = change.version;
    for (const user of change.left) known.members.delete(user);
    for (const user of change.joined) known.members.add(user);
    if (change.closed) known.members.clear();
    known.isClosed = change.closed;
    known.changes.push(change);
    if (body.value.isStored) known.headSeq++;
    return known.headSeq;
  }
}
