import type { TimelineEntry } from '@parley/contracts/events';
import type { ConversationEvent, ConversationRules, Relation, SpeakingRules, UserProfile } from '@parley/wire';
import { type ReceiptWish, ReceiptWishes } from './acts/receipt-wishes.js';
import { applyMembership, type ConversationState, type MembershipDelta } from './conversation-state.js';

/** Events that do something to messages: history is to know of them before it is asked about a message. */
const acts: ReadonlySet<string> = new Set(['edited', 'recalled', 'deleted', 'reaction', 'pin', 'erased']);

/**
 * What the timeline's tail says of a conversation, kept until the conversation is loaded. History may have projected
 * parts of it, so laying it over changes nothing that is known already.
 */
export class ConversationTail {
  #headSeq = 0;
  #countable = 0;
  #lastOffset = 0;
  #lastActSeq = 0;
  #relation: Relation | undefined;
  #profile: UserProfile | undefined;
  #rules: ConversationRules | undefined;
  readonly #changes: { readonly delta: MembershipDelta; readonly speaking: SpeakingRules | undefined }[] = [];
  readonly #wishes: ReceiptWish[] = [];
  /** Groups: when each sender spoke last. */
  readonly #spokeMs = new Map<string, number>();

  fold({ countable, speaking, relation, profile, rules }: TimelineEntry, event: ConversationEvent, offset: number): void {
    const { seq, sender, body, options } = event;
    if (seq > 0) this.#headSeq = seq;
    this.#countable = Math.max(this.#countable, countable);
    this.#lastOffset = offset;
    this.#relation = relation ?? this.#relation;
    this.#profile = profile ?? this.#profile;
    this.#rules = rules ?? this.#rules;
    if (body === undefined) return;
    if (acts.has(body.type)) this.#lastActSeq = seq;
    const delta = deltaOf(body);
    if (delta !== undefined) this.#changes.push({ delta, speaking });
    if (body.type !== 'content' || !event.conversation.startsWith('g:')) return;
    if (options?.needsReceipt === true) this.#wishes.push({ seq, sender });
    this.#spokeMs.delete(sender);
    this.#spokeMs.set(sender, event.timeMs);
  }

  /** When each sender spoke last, the longest ago first. */
  get spoken(): Iterable<readonly [sender: string, timeMs: number]> {
    return this.#spokeMs;
  }

  layOver(state: ConversationState): void {
    state.headSeq = Math.max(state.headSeq, this.#headSeq);
    state.committedSeq = state.headSeq;
    state.countable = Math.max(state.countable, this.#countable);
    state.lastOffset = this.#lastOffset;
    state.targetsFloorSeq = Math.max(state.targetsFloorSeq, this.#lastActSeq);
    for (const { delta, speaking } of this.#changes) applyMembership(state, delta, speaking);
    if ((this.#relation?.version ?? 0) > (state.relation?.version ?? 0)) state.relation = this.#relation;
    if ((this.#profile?.version ?? 0) > (state.profile?.version ?? 0)) state.profile = this.#profile;
    state.rules = this.#rules ?? state.rules;
    if (this.#wishes.length === 0) return;
    state.receiptWishes = new ReceiptWishes();
    for (const { seq, sender } of this.#wishes) state.receiptWishes.add(seq, sender);
  }
}

/** What an event says of the membership's version, also where it changes something else about a group. */
function deltaOf(body: NonNullable<ConversationEvent['body']>): MembershipDelta | undefined {
  if (body.type === 'membership') return body.value;
  return body.type === 'groupChange' ? { joined: [], left: [], version: body.value.version, closed: false } : undefined;
}
