import type { LaneCommand, SendCommand } from '@parley/contracts/events';
import type { RulesBook, TargetFacts } from '@parley/domain';
import type { Clock } from '@parley/kernel';
import type { PolicyBook } from '@parley/lanes';
import { encodeConversationEvent, type MessageOptionsInit } from '@parley/wire';
import type { Publication } from '../fanout/publication.js';
import type { CommandResult } from '../overload/ledger.js';
import type { RecentTargets } from './acts/recent-targets.js';
import { ReceiptWishes } from './acts/receipt-wishes.js';
import type { Batch } from './batch.js';
import type { CommandContext } from './command-context.js';
import type { ConversationState } from './conversation-state.js';
import { decideSend } from './decide-send.js';
import { type DedupeWindow, type SendKey, sendKey } from './dedupe-window.js';
import { isAnswerable, isCountable, optionsOf } from './message-options.js';
import { messagePublication, narrowed } from './publications.js';
import { takeRoomRate } from './room-rate.js';
import { SlowMode } from './slow-mode.js';
import type { Stamp, Stamps } from './stamps.js';
import { isTransientContent } from './transient-content.js';

export interface SendSequencerDeps {
  readonly clock: Clock;
  readonly policies: PolicyBook;
  readonly rules: RulesBook;
  readonly window: DedupeWindow;
  readonly stamps: Stamps;
  readonly targets: RecentTargets;
}

/** Gives messages their place. */
export class SendSequencer {
  readonly #deps: SendSequencerDeps;

  constructor(deps: SendSequencerDeps) {
    this.#deps = deps;
  }

  decide(command: LaneCommand, send: SendCommand, context: Readonly<CommandContext>, batch: Batch): CommandResult {
    const { window, clock, rules } = this.#deps;
    const { state, isShedding, question } = context;
    const key = sendKey(state.key, send.sender, send.clientMsgId);
    const isTransient = isTransientContent(send.content);
    const prior = window.find(key) ?? question?.prior;
    if (prior === undefined && question?.failure !== undefined) {
      batch.refuse(command, 'UNAVAILABLE', { retryAfterMs: question.failure.retryAfterMs });
      return 'refused';
    }
    const nowMs = clock.now();
    const answered = question === undefined ? undefined : this.#answeredOf(send, context, nowMs);
    const { ingressMs } = command;
    const appRules = rules.rulesOf(command.app);
    const decision = decideSend(send, { state, rules: appRules, prior, answered, isTransient, isShedding, ingressMs, nowMs });
    switch (decision.type) {
      case 'refuse':
        batch.refuse(command, decision.refusal.name, decision.refusal);
        return 'refused';
      case 'repeat':
        batch.answer(command, decision.prior);
        return 'repeat';
      case 'shed':
        batch.shed({ command, state, lane: context.lane, stage: decision.stage });
        return 'shed';
      default:
    }
    const retryAfterMs = send.isPrivileged ? 0 : takeRoomRate(this.#deps, state, send.priority);
    if (retryAfterMs > 0) {
      batch.refuse(command, 'RATE_LIMITED', { retryAfterMs });
      return 'refused';
    }
    const stamp = this.#deps.stamps.next();
    if (decision.type === 'pass-on') return passOn({ command, send, state, seq: 0, stamp, options: send.options, batch });
    const options = optionsOf(send, { state, timeMs: stamp.timeMs, answered });
    return this.#store({ command, send, state, seq: ++state.headSeq, stamp, options, batch }, key, decision.bodyHash);
  }

  #store(placed: Placed, key: SendKey, bodyHash: number): CommandResult {
    const { command, send, state, seq, stamp, batch } = placed;
    const { messageId, timeMs } = stamp;
    if (isCountable(send)) state.countable++;
    const event = encodeMessage(placed);
    this.#deps.window.add(key, { seq, messageId, timeMs, bodyHash });
    const entry = { app: command.app, event, countable: state.countable, bodyHash, trace: command.trace };
    batch.store(entry, { state, seq }, [publicationOf(placed, event)]);
    if (state.conversation.type === 'group') remember(placed);
    batch.answer(command, { seq, messageId, timeMs });
    return 'stored';
  }

  /** The message that is answered, where the sender may see it. */
  #answeredOf({ sender, isPrivileged, options }: SendCommand, context: Readonly<CommandContext>, nowMs: number): TargetFacts | undefined {
    const seq = options?.reply?.seq ?? 0;
    const answer = context.question?.targets.get(seq);
    if (answer === undefined) return undefined;
    const facts = this.#deps.targets.factsOf(context.state, seq, { user: sender, reaction: '' }, answer);
    return isAnswerable(facts, isPrivileged ? '' : sender, nowMs) ? facts : undefined;
  }
}

/** A message in its place. */
interface Placed {
  readonly command: LaneCommand;
  readonly send: SendCommand;
  readonly state: ConversationState;
  /** 0 for what is passed on only. */
  readonly seq: number;
  readonly stamp: Stamp;
  readonly options: MessageOptionsInit | undefined;
  readonly batch: Batch;
}

function passOn(placed: Placed): CommandResult {
  const { command, stamp, batch } = placed;
  batch.passOn(publicationOf(placed, encodeMessage(placed)));
  batch.answer(command, { seq: 0, messageId: stamp.messageId, timeMs: stamp.timeMs });
  return 'passed';
}

/** What later commands ask for: whose messages want receipts, and who has spoken when in slow mode. */
function remember({ send: { sender, options }, state, seq, stamp }: Placed): void {
  if (options?.needsReceipt === true) {
    state.receiptWishes ??= new ReceiptWishes();
    state.receiptWishes.add(seq, sender);
  }
  const slowModeMs = state.speaking?.slowModeMs ?? 0;
  if (slowModeMs === 0) return;
  state.slowMode ??= new SlowMode();
  state.slowMode.note(sender, stamp.timeMs, slowModeMs);
}

function publicationOf({ command, send, state, seq, stamp }: Placed, event: Uint8Array): Publication {
  const { priority, sender, options } = send;
  const publication = messagePublication(command, state, { priority, seq, event });
  if (options === undefined || options.onlyTo.length === 0) return publication;
  return narrowed(publication, { users: options.onlyTo, sender, timeMs: stamp.timeMs });
}

function encodeMessage({ command, send, seq, stamp, options }: Placed): Uint8Array {
  return encodeConversationEvent({
    conversation: command.conversation,
    seq,
    messageId: stamp.messageId,
    sender: send.sender,
    timeMs: stamp.timeMs,
    priority: send.priority,
    clientMsgId: send.clientMsgId,
    options,
    body: { type: 'content', value: send.content },
  });
}
