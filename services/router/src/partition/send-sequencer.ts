import type { LaneCommand, SendCommand } from '@parley/contracts/events';
import type { RulesBook, TargetFacts } from '@parley/domain';
import type { Clock } from '@parley/kernel';
import { laneOf, type PolicyBook, SliceQuota } from '@parley/lanes';
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
    const retryAfterMs = this.#takeQuota(command, send, state);
    if (retryAfterMs > 0) {
      batch.refuse(command, 'RATE_LIMITED', { retryAfterMs });
      return 'refused';
    }
    const placed = { state, stamp: this.#deps.stamps.next(), batch };
    if (decision.type === 'pass-on') return passOn(command, send, placed);
    this.#store(command, send, { ...placed, key, answered, bodyHash: decision.bodyHash });
    return 'stored';
  }

  #store(command: LaneCommand, send: SendCommand, { state, stamp, batch, key, answered, bodyHash }: Storing): void {
    const { messageId, timeMs } = stamp;
    const seq = ++state.headSeq;
    const options = optionsOf(send, state, { timeMs, answered });
    if (isCountable(send)) state.countable++;
    const { countable } = state;
    const event = encodeMessage(command, send, { seq, stamp, options });
    this.#deps.window.add(key, { seq, messageId, timeMs, bodyHash });
    batch.store({ app: command.app, event, countable, bodyHash, trace: command.trace }, { state, seq }, [
      publicationOf(command, send, { state, seq, stamp, event }),
    ]);
    if (state.conversation.type === 'group') remember(send, { state, seq, timeMs });
    batch.answer(command, { seq, messageId, timeMs });
  }

  /** The message that is answered, where the sender may see it. */
  #answeredOf({ sender, isPrivileged, options }: SendCommand, context: Readonly<CommandContext>, nowMs: number): TargetFacts | undefined {
    const seq = options?.reply?.seq ?? 0;
    const answer = context.question?.targets.get(seq);
    if (answer === undefined) return undefined;
    const facts = this.#deps.targets.factsOf(context.state, seq, { user: sender, reaction: '' }, answer);
    return isAnswerable(facts, isPrivileged ? '' : sender, nowMs) ? facts : undefined;
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
}

interface Placed {
  readonly state: ConversationState;
  readonly stamp: Stamp;
  readonly batch: Batch;
}

interface Storing extends Placed {
  readonly key: SendKey;
  readonly answered: TargetFacts | undefined;
  readonly bodyHash: number;
}

function passOn(command: LaneCommand, send: SendCommand, { state, stamp, batch }: Placed): CommandResult {
  const event = encodeMessage(command, send, { seq: 0, stamp, options: send.options });
  batch.passOn(publicationOf(command, send, { state, seq: 0, stamp, event }));
  batch.answer(command, { seq: 0, messageId: stamp.messageId, timeMs: stamp.timeMs });
  return 'passed';
}

/** What later commands ask for: whose messages want receipts, and who has spoken when in slow mode. */
function remember(
  { sender, options }: SendCommand,
  { state, seq, timeMs }: { readonly state: ConversationState; readonly seq: number; readonly timeMs: number },
): void {
  if (options?.needsReceipt === true) {
    state.receiptWishes ??= new ReceiptWishes();
    state.receiptWishes.add(seq, sender);
  }
  const slowModeMs = state.speaking?.slowModeMs ?? 0;
  if (slowModeMs === 0) return;
  state.slowMode ??= new SlowMode();
  state.slowMode.note(sender, timeMs, slowModeMs);
}

interface Stored {
  readonly state: ConversationState;
  readonly seq: number;
  readonly stamp: Stamp;
  readonly event: Uint8Array;
}

function publicationOf(
  command: LaneCommand,
  { sender, priority, options }: SendCommand,
  { state, seq, stamp, event }: Stored,
): Publication {
  const publication = messagePublication(command, state, { priority, seq, event });
  if (options === undefined || options.onlyTo.length === 0) return publication;
  return narrowed(publication, { users: options.onlyTo, sender, timeMs: stamp.timeMs });
}

function encodeMessage(
  command: LaneCommand,
  send: SendCommand,
  { seq, stamp, options }: { readonly seq: number; readonly stamp: Stamp; readonly options: MessageOptionsInit | undefined },
): Uint8Array {
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
