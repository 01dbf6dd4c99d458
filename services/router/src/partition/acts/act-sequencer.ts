import type { ActCommand, LaneCommand } from '@parley/contracts/events';
import { type ActDecision, type ActFacts, type AppRules, decideAct, type RulesBook, takesSeq, type TargetFacts } from '@parley/domain';
import { type Clock, errorTable, hashBytes, type Refusal, refusal } from '@parley/kernel';
import type { PolicyBook } from '@parley/lanes';
import { type Act, encodeAct, encodeConversationEvent, type Setting } from '@parley/wire';
import type { Publication } from '../../fanout/publication.js';
import { routerLimits } from '../../limits.js';
import type { CommandResult } from '../../overload/ledger.js';
import type { Batch } from '../batch.js';
import type { CommandContext } from '../command-context.js';
import { type ConversationState, isMember } from '../conversation-state.js';
import { type DedupeWindow, type PriorSend, type SendKey, sendKey } from '../dedupe-window.js';
import { takeRoomRate } from '../room-rate.js';
import { isModerator, isMuted } from '../speaking.js';
import type { Stamp, Stamps } from '../stamps.js';
import {
  type ActEvent,
  orderedPublication,
  publicationFor,
  priorityOfBody,
  relationPublications,
  typingPublication,
} from './act-publications.js';
import { cursorPublications } from './cursor-publications.js';
import type { Cursors } from './cursors.js';
import type { RecentTargets } from './recent-targets.js';

export interface ActSequencerDeps {
  readonly clock: Clock;
  readonly policies: PolicyBook;
  readonly rules: RulesBook;
  readonly window: DedupeWindow;
  readonly stamps: Stamps;
  readonly targets: RecentTargets;
  readonly cursors: Cursors;
}

type Kind = NonNullable<Act['kind']>;
type EventDecision = Extract<ActDecision, { readonly type: 'event' }>;

/** One act, with everything that its decision takes. */
interface Acting {
  readonly command: LaneCommand;
  readonly act: ActCommand;
  readonly kind: Kind;
  readonly context: Readonly<CommandContext>;
  readonly rules: AppRules;
  readonly batch: Batch;
}

/** Messages are told apart by seeds up to 4; so an act is never taken for a message under the same id. */
const actSeed = 16;

/** Gives acts their place: decides about them and writes what follows into a batch. */
export class ActSequencer {
  readonly #deps: ActSequencerDeps;

  constructor(deps: ActSequencerDeps) {
    this.#deps = deps;
  }

  /** Answers what became of the command. */
  decide(command: LaneCommand, act: ActCommand, context: Readonly<CommandContext>, batch: Batch): CommandResult {
    const kind = act.act?.kind;
    if (kind === undefined) {
      batch.refuse(command, 'INVALID_ARGUMENT', { detail: 'act: a known kind is missing' });
      return 'refused';
    }
    const acting = { command, act, kind, context, rules: this.#deps.rules.rulesOf(command.app), batch };
    if (kind.type === 'typing') return this.#type(acting);
    const identity = identityOf(acting);
    const prior = identity === undefined ? undefined : (this.#deps.window.find(identity.key) ?? context.question?.prior);
    if (identity !== undefined && prior !== undefined) return repeat(acting, prior, identity.bodyHash);
    const refused = refusalOf(acting, this.#deps.clock.now());
    if (refused !== undefined) return refuse(acting, refused);
    const stamp = this.#deps.stamps.next();
    const facts = this.#factsOf(acting, stamp.timeMs);
    const decided = decideAct(
      { sender: act.sender, isPrivileged: act.isPrivileged, act: { kind }, timeMs: stamp.timeMs },
      facts,
      acting.rules,
    );
    if (!decided.ok) return refuse(acting, decided.error);
    if (decided.value.type !== 'event' || decided.value.body === undefined) {
      batch.answer(command, { timeMs: stamp.timeMs, version: versionOf(kind, context.state) });
      return 'passed';
    }
    const { isStored, body } = decided.value;
    const retryAfterMs = isStored && !act.isPrivileged ? takeRoomRate(this.#deps, context.state, priorityOfBody(body)) : 0;
    if (retryAfterMs > 0) return refuse(acting, refusal('RATE_LIMITED', undefined, retryAfterMs));
    const event = this.#write(acting, decided.value, { stamp, identity, onlyTo: facts.target?.onlyTo ?? [] });
    this.#take(event, decided.value, facts.targets);
    const { seq } = event;
    batch.answer(command, { seq, messageId: stamp.messageId, timeMs: stamp.timeMs, version: versionOf(kind, context.state) });
    return 'stored';
  }

  /** Who types is not worth a word when it comes late or has to be refused. */
  #type({ command, act, kind, context, rules, batch }: Acting): CommandResult {
    const { clock, stamps } = this.#deps;
    const { state, isShedding } = context;
    const nowMs = clock.now();
    const stamp = stamps.next();
    const isLate = isShedding || nowMs - command.ingressMs > routerLimits.transientStaleAfterMs;
    const request = { sender: act.sender, isPrivileged: act.isPrivileged, act: { kind }, timeMs: stamp.timeMs };
    const decided = decideAct(request, factsOf(state, act.sender, { ...nothingKnown, nowMs }), rules);
    if (!decided.ok) {
      batch.answer(command, { error: errorTable[decided.error.name].code });
      return 'refused';
    }
    batch.answer(command, { timeMs: stamp.timeMs });
    const decision = decided.value;
    if (isLate || decision.type !== 'pass-on' || decision.body === undefined) return 'passed';
    const { sender } = act;
    const { body } = decision;
    const event = encodeConversationEvent({ conversation: command.conversation, sender, priority: priorityOfBody(body), body, ...stamp });
    batch.passOn(typingPublication({ command, state, sender, body, seq: 0, stamp, event, onlyTo: [] }));
    return 'passed';
  }

  #factsOf({ act, kind, context }: Acting, nowMs: number): ActFacts {
    const { state, question } = context;
    const targets: TargetFacts[] = [];
    const viewer = { user: act.sender, reaction: kind.type === 'react' ? kind.value.reaction : '' };
    for (const [seq, answer] of question?.targets ?? []) targets.push(this.#deps.targets.factsOf(state, seq, viewer, answer));
    const cursor = kind.type === 'cursor' ? this.#deps.cursors.get(state, act.sender) : undefined;
    const facts = factsOf(state, act.sender, { targets, cursor, nowMs });
    const former = facts.isMember ? undefined : question?.former;
    return former === undefined ? facts : { ...facts, wasMember: true, headSeq: former.headSeq, countable: 0 };
  }

  #write(
    { command, act, context: { state }, batch, rules }: Acting,
    { body, isStored, relation, profile, rules: kept }: EventDecision,
    { stamp, identity, onlyTo }: { readonly stamp: Stamp; readonly identity: Identity | undefined; readonly onlyTo: readonly string[] },
  ): ActEvent {
    if (body === undefined) throw new Error('an event without a body');
    const { app, conversation, trace } = command;
    const { sender, clientMsgId } = act;
    const seq = isStored ? ++state.headSeq : 0;
    const narrow = narrowed.has(body.type) ? onlyTo : [];
    const event = encodeConversationEvent({
      conversation,
      seq,
      messageId: stamp.messageId,
      sender,
      timeMs: stamp.timeMs,
      priority: priorityOfBody(body),
      clientMsgId: identity === undefined ? '' : clientMsgId,
      options: narrow.length === 0 ? undefined : { onlyTo: narrow },
      body,
    });
    const written = { command, state, sender, body, seq, stamp, event, onlyTo: narrow };
    const bodyHash = identity?.bodyHash ?? 0;
    if (identity !== undefined) this.#deps.window.add(identity.key, { seq, ...stamp, bodyHash });
    const entry = { app, event, countable: state.countable, bodyHash, trace, relation, profile, rules: kept };
    batch.store(entry, { state, seq }, this.#publicationsOf(written, { act, rules, relation }));
    return written;
  }

  #publicationsOf(
    event: ActEvent,
    { act, rules, relation }: { readonly act: ActCommand; readonly rules: AppRules; readonly relation: EventDecision['relation'] },
  ): readonly Publication[] {
    const { body, state } = event;
    switch (body.type) {
      case 'cursor': {
        const before = this.#deps.cursors.get(state, body.value.user);
        const shown = act.isPrivate ? { tellsReading: false, tellsDelivery: rules.tellsDelivery } : rules;
        return cursorPublications(event, { before, after: body.value, rules: shown });
      }
      case 'settings':
      case 'hidden':
        return [publicationFor(event, body.value.user)];
      case 'profile':
        return [publicationFor(event, body.value.profile?.user ?? event.sender)];
      case 'relation':
        return relation === undefined ? [] : relationPublications(event, state.relation, relation);
      case 'reported':
        return [];
      case 'erased':
        return [orderedPublication(event), ...(relation === undefined ? [] : relationPublications(event, state.relation, relation))];
      default:
        return [orderedPublication(event)];
    }
  }

  /** Takes the event into what is known of the conversation. */
  #take({ state, sender, body, seq }: ActEvent, { relation, profile, rules }: EventDecision, targets: ActFacts['targets']): void {
    if (relation !== undefined) state.relation = relation;
    if (profile !== undefined) state.profile = profile;
    if (rules !== undefined) state.rules = rules;
    if (body.type === 'cursor') this.#deps.cursors.set(state, body.value.user, body.value);
    // What is marked as unread is read again where it was read before: that must reach history, which ends the mark.
    if (body.type === 'settings' && body.value.changes.some(marksUnread)) this.#deps.cursors.forget(state, body.value.user);
    if (seq > 0) this.#deps.targets.fold(state, { seq, sender, body }, targets);
  }
}

/** What is done to a message that only some may see is for them alone as well; what stands out of a conversation is the matter of all. */
const narrowed: ReadonlySet<string> = new Set(['edited', 'reaction', 'recalled']);

const nothingKnown = { targets: undefined, cursor: undefined };

const marksUnread = ({ change }: Setting): boolean => change?.type === 'markedUnread' && change.value.isOn;

/** Spelled out: readings are as frequent as messages. */
function factsOf(
  state: ConversationState,
  sender: string,
  { targets, cursor, nowMs }: Pick<ActFacts, 'targets' | 'cursor'> & { readonly nowMs: number },
): ActFacts {
  const { conversation, headSeq, countable, members, speaking, relation, profile, rules } = state;
  const moderates = isModerator(speaking, sender);
  return {
    conversation,
    isMember: isMember(state, sender),
    isModerator: moderates,
    canPin: moderates || speaking?.isPinningByMembers === true,
    isMuted: isMuted(speaking, sender, nowMs),
    headSeq,
    countable,
    memberCount: conversation.type === 'user' ? 2 : members.size,
    target: targets?.[0],
    targets,
    relation,
    profile,
    rules,
    cursor,
  };
}

/** Why an act is not even decided about. */
function refusalOf({ command, act, context: { state, question } }: Acting, nowMs: number): Refusal | undefined {
  if (nowMs - command.ingressMs > routerLimits.staleAfterMs) return refusal('OVERLOADED', undefined, 1_000);
  if (question?.failure !== undefined) return refusal('UNAVAILABLE', undefined, question.failure.retryAfterMs);
  if (state.conversation.type === 'user') return undefined;
  // What the back end removes from a conversation that has ended is gone all the same; and who was in it puts it away.
  const isOver = state.isClosed && !act.isPrivileged && question?.former === undefined;
  return state.membershipVersion === 0 || isOver ? refusal('CONVERSATION_NOT_FOUND') : undefined;
}

interface Identity {
  readonly key: SendKey;
  readonly bodyHash: number;
}

/** What tells a repetition of an act from another one; undefined where a repetition does no harm. */
function identityOf({ act, kind, context }: Acting): Identity | undefined {
  if (act.clientMsgId === '' || !takesSeq(kind.type)) return undefined;
  return { key: sendKey(context.state.key, act.sender, act.clientMsgId), bodyHash: hashBytes(encodeAct({ kind }), actSeed) };
}

function repeat(acting: Acting, prior: PriorSend, bodyHash: number): CommandResult {
  if (prior.bodyHash !== bodyHash) return refuse(acting, refusal('IDEMPOTENCY_CONFLICT'));
  const { seq, messageId, timeMs } = prior;
  acting.batch.answer(acting.command, { seq, messageId, timeMs });
  return 'repeat';
}

function refuse({ command, batch }: Acting, because: Refusal): CommandResult {
  batch.refuse(command, because.name, because);
  return 'refused';
}

/** Of the relation or the profile that an act is about, as it is now. */
function versionOf({ type }: Kind, { relation, profile }: ConversationState): number {
  if (type === 'relation') return relation?.version ?? 0;
  return type === 'profile' ? (profile?.version ?? 0) : 0;
}
