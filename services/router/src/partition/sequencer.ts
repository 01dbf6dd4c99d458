import type { LaneCommand, MembershipCommand, NoticeCommand } from '@parley/contracts/events';
import type { RulesBook } from '@parley/domain';
import type { Clock } from '@parley/kernel';
import type { PolicyBook } from '@parley/lanes';
import { type ConversationRules, encodeConversationEvent, type MembershipChange, Priority } from '@parley/wire';
import { routerLimits } from '../limits.js';
import { MessageIds } from '../message-id.js';
import type { CommandResult } from '../overload/ledger.js';
import { ActSequencer } from './acts/act-sequencer.js';
import { Cursors } from './acts/cursors.js';
import { RecentTargets } from './acts/recent-targets.js';
import type { Batch } from './batch.js';
import type { CommandContext } from './command-context.js';
import { applyMembership, type ConversationState } from './conversation-state.js';
import type { DedupeWindow } from './dedupe-window.js';
import { changePublications, noticePublication } from './publications.js';
import { SendSequencer } from './send-sequencer.js';
import { type Stamp, Stamps } from './stamps.js';

export interface SequencerDeps {
  readonly partition: number;
  readonly fence: number;
  readonly clock: Clock;
  readonly policies: PolicyBook;
  readonly rules: RulesBook;
  readonly window: DedupeWindow;
  /** Time of the newest event before this owner; its own never go back behind it. */
  readonly lastTimeMs: number;
}

/** Gives events their place: decides about commands and writes what follows into a batch. */
export class Sequencer {
  readonly #clock: Clock;
  readonly #stamps: Stamps;
  readonly #sends: SendSequencer;
  readonly #acts: ActSequencer;

  constructor(deps: SequencerDeps) {
    this.#clock = deps.clock;
    this.#stamps = new Stamps(deps.clock, new MessageIds(deps.partition, deps.fence), deps.lastTimeMs);
    const stamps = this.#stamps;
    const targets = new RecentTargets(routerLimits.recentTargetsMax);
    this.#sends = new SendSequencer({ ...deps, stamps, targets });
    this.#acts = new ActSequencer({ ...deps, stamps, targets, cursors: new Cursors(routerLimits.cursorsMax) });
  }

  /** Answers what became of the command. */
  decide(command: LaneCommand, context: Readonly<CommandContext>, batch: Batch): CommandResult {
    switch (command.body?.type) {
      case 'send':
        return this.#sends.decide(command, command.body.value, context, batch);
      case 'act':
        return this.#acts.decide(command, command.body.value, context, batch);
      case 'membership':
        return this.#changeMembership(command, command.body.value, context.state, batch);
      case 'notice':
        return this.#notify(command, command.body.value, context.state, batch);
      default:
        batch.refuse(command, 'UNSUPPORTED');
        return 'refused';
    }
  }

  /**
   * Rules of speaking and keeping, and access to history, come with a change: its version tells whether they are new.
   * Notices are passed on in any case: that they come again may mean that nobody has heard of them.
   */
  #changeMembership(command: LaneCommand, membership: MembershipCommand, state: ConversationState, batch: Batch): CommandResult {
    const { change, speaking, notices, isStored } = membership;
    if (change === undefined && (speaking !== undefined || notices.length === 0)) {
      batch.refuse(command, 'INVALID_ARGUMENT');
      return 'refused';
    }
    const isNew = change !== undefined && applyMembership(state, change, speaking);
    const stamp = this.#stamps.next();
    if (isNew) {
      const seq = isStored ? ++state.headSeq : 0;
      storeChange(command, { membership, change, state, seq, stamp }, batch);
    }
    for (const notice of notices) batch.publish(noticePublication(command, state, { notice, stamp }));
    batch.answer(command, isNew ? { seq: state.headSeq, ...stamp } : { seq: state.headSeq });
    if (isNew) return 'stored';
    return notices.length > 0 ? 'passed' : 'repeat';
  }

  #notify(command: LaneCommand, notice: NoticeCommand, state: ConversationState, batch: Batch): CommandResult {
    if (notice.body === undefined) {
      batch.refuse(command, 'INVALID_ARGUMENT');
      return 'refused';
    }
    if (this.#clock.now() - command.ingressMs > routerLimits.transientStaleAfterMs) {
      batch.refuse(command, 'OVERLOADED', { retryAfterMs: 1_000 });
      return 'refused';
    }
    batch.publish(noticePublication(command, state, { notice, stamp: this.#stamps.next() }));
    batch.answer(command, { seq: state.headSeq });
    return 'passed';
  }
}

interface Change {
  readonly membership: MembershipCommand;
  readonly change: MembershipChange;
  readonly state: ConversationState;
  readonly seq: number;
  readonly stamp: Stamp;
}

/** Writes who came and went, or what else has changed about a group, with the rules that hold from here on. */
function storeChange(command: LaneCommand, { membership, change, state, seq, stamp }: Change, batch: Batch): void {
  const { speaking, historyAccess, groupChange } = membership;
  const { app, conversation, trace } = command;
  const rules = membership.rules === undefined ? undefined : forwardedRules(membership.rules, state.rules);
  if (rules !== undefined) state.rules = rules;
  const body =
    groupChange === undefined ? ({ type: 'membership', value: change } as const) : ({ type: 'groupChange', value: groupChange } as const);
  const event = encodeConversationEvent({ conversation, seq, priority: Priority.SYSTEM, sender: change.operator, body, ...stamp });
  const entry = { app, event, countable: state.countable, trace, speaking, historyAccess, rules };
  batch.store(entry, { state, seq }, changePublications(command, state, { seq, event, change, groupChange }));
}

/** Groups know when messages go; how long they are kept has been said to the conversation alone, and stays. */
const forwardedRules = (given: ConversationRules, held: ConversationRules | undefined): ConversationRules => ({
  ...given,
  retentionMs: given.retentionMs === 0 ? (held?.retentionMs ?? 0) : given.retentionMs,
});
