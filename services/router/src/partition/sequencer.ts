import type { LaneCommand, MembershipCommand, NoticeCommand, SendCommand } from '@parley/contracts/events';
import type { Clock } from '@parley/kernel';
import { type Lane, laneOf, type PolicyBook, SliceQuota } from '@parley/lanes';
import { encodeConversationEvent, Priority } from '@parley/wire';
import { routerLimits } from '../limits.js';
import { MessageIds } from '../message-id.js';
import type { CommandResult } from '../overload/ledger.js';
import type { Batch } from './batch.js';
import { applyMembership, type ConversationState } from './conversation-state.js';
import { decideSend } from './decide-send.js';
import { type DedupeWindow, type PriorSend, sendKey } from './dedupe-window.js';
import { membershipPublications, messagePublication, noticePublication } from './publications.js';
import { type Stamp, Stamps } from './stamps.js';
import { isTransientContent } from './transient-content.js';

export interface SequencerDeps {
  readonly partition: number;
  readonly fence: number;
  readonly clock: Clock;
  readonly policies: PolicyBook;
  readonly window: DedupeWindow;
  /** Time of the newest event before this owner; its own never go back behind it. */
  readonly lastTimeMs: number;
}

/** What a command is decided with. One object serves all commands of a record: nothing may be kept of it. */
export interface CommandContext {
  readonly lane: Lane;
  /** The lane waits too long: its transient messages are to be shed. */
  readonly isShedding: boolean;
  state: ConversationState;
  /** What history knows of a retry that is older than the window. */
  found: PriorSend | undefined;
}

/** Gives events their place: decides about commands and writes what follows into a batch. */
export class Sequencer {
  readonly #deps: SequencerDeps;
  readonly #stamps: Stamps;

  constructor(deps: SequencerDeps) {
    this.#deps = deps;
    this.#stamps = new Stamps(deps.clock, new MessageIds(deps.partition, deps.fence), deps.lastTimeMs);
  }

  /** Answers what became of the command. */
  decide(command: LaneCommand, context: Readonly<CommandContext>, batch: Batch): CommandResult {
    switch (command.body?.type) {
      case 'send':
        return this.#send(command, command.body.value, context, batch);
      case 'membership':
        return this.#changeMembership(command, command.body.value, context.state, batch);
      case 'notice':
        return this.#notify(command, command.body.value, context.state, batch);
      default:
        batch.refuse(command, 'UNSUPPORTED');
        return 'refused';
    }
  }

  #send(command: LaneCommand, send: SendCommand, context: Readonly<CommandContext>, batch: Batch): CommandResult {
    const { window, clock } = this.#deps;
    const { state, isShedding } = context;
    const key = sendKey(state.key, send.sender, send.clientMsgId);
    const isTransient = isTransientContent(send.content);
    const prior = window.find(key) ?? context.found;
    const { ingressMs } = command;
    const decision = decideSend(send, { state, prior, isTransient, isShedding, ingressMs, nowMs: clock.now() });
    switch (decision.type) {
      case 'refuse':
        batch.refuse(command, decision.error, decision.retryAfterMs);
        return 'refused';
      case 'repeat':
        batch.answer(command, decision.prior);
        return 'repeat';
      case 'shed':
        batch.shed({ command, state, lane: context.lane, stage: decision.stage });
        return 'shed';
      default:
    }
    const retryAfterMs = this.#takeQuota(command, send, state);
    if (retryAfterMs > 0) {
      batch.refuse(command, 'RATE_LIMITED', retryAfterMs);
      return 'refused';
    }
    if (decision.type === 'pass-on') return this.#passOn(command, send, state, batch);
    const stamp = this.#stamps.next();
    const seq = ++state.headSeq;
    const countable = ++state.countable;
    const { bodyHash } = decision;
    const { messageId, timeMs } = stamp;
    const event = encodeMessage(command, send, seq, stamp);
    window.add(key, { seq, messageId, timeMs, bodyHash });
    batch.store({ app: command.app, event, countable, bodyHash, trace: command.trace }, { state, seq }, [
      messagePublication(command, state, { priority: send.priority, seq, event }),
    ]);
    batch.answer(command, { seq, messageId, timeMs });
    return 'stored';
  }

  #passOn(command: LaneCommand, send: SendCommand, state: ConversationState, batch: Batch): CommandResult {
    const stamp = this.#stamps.next();
    const event = encodeMessage(command, send, 0, stamp);
    batch.passOn(messagePublication(command, state, { priority: send.priority, seq: 0, event }));
    batch.answer(command, { seq: 0, messageId: stamp.messageId, timeMs: stamp.timeMs });
    return 'passed';
  }

  /** A room takes so much, however many gateways its senders are at: 0, or the milliseconds until it takes more. */
  #takeQuota({ app }: LaneCommand, send: SendCommand, state: ConversationState): number {
    if (state.conversation.type !== 'room' || send.isPrivileged) return 0;
    const level = laneOf(send.priority);
    if (level === 'system') return 0;
    const now = this.#deps.clock.monotonic();
    state.quota ??= new SliceQuota(now);
    return state.quota.take(this.#deps.policies.policyOf(app).room, level, now);
  }

  /**
   * Rules of speaking and access to history come with a change: its version tells whether they are new. Notices
   * are passed on in any case: that they come again may mean that nobody has heard of them.
   */
  #changeMembership(command: LaneCommand, membership: MembershipCommand, state: ConversationState, batch: Batch): CommandResult {
    const { change, speaking, historyAccess, notices, isStored } = membership;
    if (change === undefined && (speaking !== undefined || notices.length === 0)) {
      batch.refuse(command, 'INVALID_ARGUMENT');
      return 'refused';
    }
    const isNew = change !== undefined && applyMembership(state, change, speaking);
    const stamp = this.#stamps.next();
    if (isNew) {
      const seq = isStored ? ++state.headSeq : 0;
      const event = encodeConversationEvent({
        conversation: command.conversation,
        seq,
        priority: Priority.SYSTEM,
        sender: change.operator,
        body: { type: 'membership', value: change },
        ...stamp,
      });
      const entry = { app: command.app, event, countable: state.countable, trace: command.trace, speaking, historyAccess };
      batch.store(entry, { state, seq }, membershipPublications(command, state, { seq, event, change }));
    }
    for (const notice of notices) batch.publish(noticePublication(command, notice, stamp));
    batch.answer(command, isNew ? { seq: state.headSeq, ...stamp } : { seq: state.headSeq });
    if (isNew) return 'stored';
    return notices.length > 0 ? 'passed' : 'repeat';
  }

  #notify(command: LaneCommand, notice: NoticeCommand, state: ConversationState, batch: Batch): CommandResult {
    if (notice.body === undefined) {
      batch.refuse(command, 'INVALID_ARGUMENT');
      return 'refused';
    }
    if (this.#deps.clock.now() - command.ingressMs > routerLimits.transientStaleAfterMs) {
      batch.refuse(command, 'OVERLOADED', 1_000);
      return 'refused';
    }
    batch.publish(noticePublication(command, notice, this.#stamps.next()));
    batch.answer(command, { seq: state.headSeq });
    return 'passed';
  }
}

function encodeMessage(command: LaneCommand, send: SendCommand, seq: number, stamp: Stamp): Uint8Array {
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
