import type { LaneCommand, MembershipCommand, SendCommand } from '@parley/contracts/events';
import { type Clock, type Conversation, channelOfUser } from '@parley/kernel';
import { encodeConversationEvent, Priority } from '@parley/wire';
import type { Publication } from '../fanout/publication.js';
import { MessageIds } from '../message-id.js';
import type { Batch } from './batch.js';
import { applyMembership, type ConversationState } from './conversation-state.js';
import { decideSend } from './decide-send.js';
import { type DedupeWindow, type PriorSend, sendKey } from './dedupe-window.js';
import { isTransientContent } from './transient-content.js';

export interface SequencerDeps {
  readonly partition: number;
  readonly fence: number;
  readonly clock: Clock;
  readonly window: DedupeWindow;
  /** Time of the newest event before this owner; its own never go back behind it. */
  readonly lastTimeMs: number;
}

/** Gives events their place: decides about commands and writes what follows into a batch. */
export class Sequencer {
  readonly #deps: SequencerDeps;
  readonly #ids: MessageIds;
  #timeMs: number;

  constructor(deps: SequencerDeps) {
    this.#deps = deps;
    this.#ids = new MessageIds(deps.partition, deps.fence);
    this.#timeMs = deps.lastTimeMs + 1;
  }

  /** `found`: what history knows of a retry that is older than the window. */
  decide(command: LaneCommand, state: ConversationState, found: PriorSend | undefined, batch: Batch): void {
    switch (command.body?.type) {
      case 'send':
        this.#send(command, command.body.value, state, found, batch);
        return;
      case 'membership':
        this.#changeMembership(command, command.body.value, state, batch);
        return;
      default:
        batch.refuse(command, 'UNSUPPORTED');
    }
  }

  #send(command: LaneCommand, send: SendCommand, state: ConversationState, found: PriorSend | undefined, batch: Batch): void {
    const { window, clock } = this.#deps;
    const key = sendKey(state.key, send.sender, send.clientMsgId);
    const isTransient = isTransientContent(send.content);
    const prior = window.find(key) ?? found;
    const decision = decideSend(send, { state, prior, isTransient, ingressMs: command.ingressMs, nowMs: clock.now() });
    switch (decision.type) {
      case 'refuse':
        batch.refuse(command, decision.error, decision.retryAfterMs);
        return;
      case 'repeat':
        batch.answer(command, decision.prior);
        return;
      case 'pass-on': {
        const stamp = this.#stamp();
        batch.passOn(this.#publication(command, state, send.priority, { seq: 0, event: encodeMessage(command, send, 0, stamp) }));
        batch.answer(command, { seq: 0, messageId: stamp.messageId, timeMs: stamp.timeMs });
        return;
      }
      case 'store': {
        const stamp = this.#stamp();
        const seq = ++state.headSeq;
        const countable = ++state.countable;
        const { bodyHash } = decision;
        const event = encodeMessage(command, send, seq, stamp);
        const { messageId, timeMs } = stamp;
        window.add(key, { seq, messageId, timeMs, bodyHash });
        batch.store({ app: command.app, event, countable, bodyHash, trace: command.trace }, { state, seq }, [
          this.#publication(command, state, send.priority, { seq, event }),
        ]);
        batch.answer(command, { seq, messageId, timeMs });
      }
    }
  }

  #changeMembership(command: LaneCommand, membership: MembershipCommand, state: ConversationState, batch: Batch): void {
    const { change, isStored } = membership;
    if (change === undefined) {
      batch.refuse(command, 'INVALID_ARGUMENT');
      return;
    }
    if (!applyMembership(state, change)) {
      batch.answer(command, { seq: state.headSeq });
      return;
    }
    const stamp = this.#stamp();
    const seq = isStored ? ++state.headSeq : 0;
    const event = encodeConversationEvent({
      conversation: command.conversation,
      seq,
      priority: Priority.SYSTEM,
      sender: change.operator,
      body: { type: 'membership', value: change },
      ...stamp,
    });
    const control = { channel: command.conversation, joined: change.joined, left: change.left, closed: change.closed };
    const toMembers = { ...this.#publication(command, state, Priority.SYSTEM, { seq, event }), ...toEverybody, control };
    // Newcomers do not listen to the conversation yet: their own channel tells them.
    const toNewcomers = change.joined.map((user) => ({ ...toMembers, channels: [channelOfUser(user)] }));
    const entry = { app: command.app, event, countable: state.countable, trace: command.trace };
    batch.store(entry, { state, seq }, [toMembers, ...toNewcomers]);
    batch.answer(command, { seq: state.headSeq, ...stamp });
  }

  #publication(
    command: LaneCommand,
    state: ConversationState,
    priority: number,
    { seq, event }: { readonly seq: number; readonly event: Uint8Array },
  ): Publication {
    return {
      app: command.app,
      channels: channelsOf(state.conversation),
      event,
      priority,
      conversation: command.conversation,
      seq,
      exceptPeer: command.origin?.peer ?? '',
      exceptConnection: command.origin?.connection ?? 0,
      control: undefined,
    };
  }

  #stamp(): { readonly timeMs: number; readonly messageId: string } {
    this.#timeMs = Math.max(this.#timeMs, this.#deps.clock.now());
    return { timeMs: this.#timeMs, messageId: this.#ids.next(this.#timeMs) };
  }
}

const toEverybody = { exceptPeer: '', exceptConnection: 0 } as const;

function encodeMessage(
  command: LaneCommand,
  send: SendCommand,
  seq: number,
  stamp: { readonly timeMs: number; readonly messageId: string },
): Uint8Array {
  return encodeConversationEvent({
    conversation: command.conversation,
    seq,
    messageId: stamp.messageId,
    sender: send.sender,
    timeMs: stamp.timeMs,
    priority: send.priority,
    clientMsgId: send.clientMsgId,
    body: { type: 'content', value: send.content },
  });
}

/** Where a conversation's events are published. */
function channelsOf(conversation: Conversation): readonly string[] {
  if (conversation.type !== 'user') return [conversation.id];
  const [a, b] = conversation.users;
  return a === b ? [channelOfUser(a)] : [channelOfUser(a), channelOfUser(b)];
}
