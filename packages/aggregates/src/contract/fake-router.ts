import {
  createLaneCommand,
  type LaneCommand,
  type MembershipCommand,
  type NoticeCommand,
  type SendCommand,
} from '@parley/contracts/events';
import { createOutcome, type OutcomeInit } from '@parley/contracts/router';
import { type ErrorName, errorTable } from '@parley/kernel';
import type { Lane } from '@parley/lanes';
import type { RouterClient, RouterClientEvents } from '@parley/router-client';
import { type ConversationRules, type GroupChange, HistoryAccess, type MembershipChange, type SpeakingRules } from '@parley/wire';

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
  /** Of the newest change that said something about it. */
  speaking: SpeakingRules | undefined;
  historyAccess: HistoryAccess;
  rules: ConversationRules | undefined;
  /** What changed besides members, in order. */
  readonly groupChanges: GroupChange[];
  /** What was passed on to members, in order, repeated ones included. */
  readonly notices: NoticeCommand[];
  /** What was said, once for each client message id of a sender. */
  readonly messages: SendCommand[];
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
  readonly #lanes = new Map<LaneCommand, Lane>();
  readonly #conversations = new Map<string, KnownConversation>();
  readonly #held: Submitted[] = [];
  #onSubmitted: (() => void)[] = [];

  connect(peer: string): (events: RouterClientEvents) => RouterClient {
    return (events) => ({
      peer,
      submit: (lane, init) => {
        const command = createLaneCommand(init);
        this.#lanes.set(command, lane);
        this.submitted.push(command);
        queueMicrotask(() => this.#take({ command, events }, this.behave(command)));
        const waiting = this.#onSubmitted;
        this.#onSubmitted = [];
        for (const resolve of waiting) resolve();
      },
      subscribe: () => undefined,
      unsubscribe: () => undefined,
      queueingDelayMs: () => 0,
      [Symbol.asyncDispose]: async () => undefined,
    });
  }

  conversation(app: string, conversation: string): KnownConversation {
    const key = `${app}/${conversation}`;
    let known = this.#conversations.get(key);
    if (known === undefined) {
      known = {
        ...{ version: 0, headSeq: 0, isClosed: false, members: new Set(), changes: [] },
        ...{ speaking: undefined, historyAccess: HistoryAccess.UNSPECIFIED, rules: undefined },
        ...{ groupChanges: [], notices: [], messages: [] },
      };
      this.#conversations.set(key, known);
    }
    return known;
  }

  /** The lane that the command came by. */
  laneOf(command: LaneCommand): Lane | undefined {
    return this.#lanes.get(command);
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
        events.outcome(createOutcome({ ...command.origin, ...this.#apply(command) }));
        return;
      default:
        events.outcome(createOutcome({ ...command.origin, error: errorTable[behaviour].code }));
    }
  }

  #apply({ app, conversation, body }: LaneCommand): OutcomeInit {
    const known = this.conversation(app, conversation);
    switch (body?.type) {
      case 'membership':
        takeMembership(known, body.value);
        return { seq: known.headSeq };
      case 'notice':
        known.notices.push(body.value);
        return {};
      case 'send':
        return take(known, body.value);
      default:
        throw new Error('a command without a body');
    }
  }
}

function takeMembership(known: KnownConversation, command: MembershipCommand): void {
  const { change, isStored, speaking, historyAccess, rules, groupChange } = command;
  known.notices.push(...command.notices);
  if (change === undefined || change.version <= known.version) return;
  known.version = change.version;
  for (const user of change.left) known.members.delete(user);
  for (const user of change.joined) known.members.add(user);
  if (change.closed) known.members.clear();
  known.isClosed = change.closed;
  known.changes.push(change);
  if (speaking !== undefined) known.speaking = speaking;
  if (historyAccess !== HistoryAccess.UNSPECIFIED) known.historyAccess = historyAccess;
  if (rules !== undefined) known.rules = rules;
  if (groupChange !== undefined) known.groupChanges.push(groupChange);
  if (isStored) known.headSeq++;
}

function take(known: KnownConversation, send: SendCommand): OutcomeInit {
  const isOpen = known.version > 0 && !known.isClosed;
  if (!isOpen || !(send.isPrivileged || known.members.has(send.sender))) return { error: errorTable.CONVERSATION_NOT_FOUND.code };
  const isKnown = known.messages.some(({ sender, clientMsgId }) => sender === send.sender && clientMsgId === send.clientMsgId);
  if (!isKnown) known.messages.push(send);
  return { seq: isKnown ? known.headSeq : ++known.headSeq };
}
