import { LRUCache } from 'lru-cache';
import { parseConversation, ParleyError } from '@parley/kernel';
import type { SpeakingRules } from '@parley/wire';
import { routerLimits } from '../limits.js';
import type { HistoryReader } from '../ports.js';
import { applyMembership, conversationKey, type ConversationState, type MembershipDelta } from './conversation-state.js';
import { speakingOf } from './speaking.js';

/** What the timeline's tail says of a conversation, kept until the conversation is loaded. */
interface Tail {
  headSeq: number;
  countable: number;
  lastOffset: number;
  readonly changes: { readonly delta: MembershipDelta; readonly speaking: SpeakingRules | undefined }[];
}

export interface TailEvent {
  readonly app: string;
  readonly conversation: string;
  readonly seq: number;
  readonly countable: number;
  readonly offset: number;
  readonly membership: MembershipDelta | undefined;
  readonly speaking: SpeakingRules | undefined;
}

/**
 * The conversations of one partition. A conversation is read from history on first use; what the timeline
 * holds beyond history's projection is laid over the answer, so that the two together are exact.
 */
export class Conversations {
  readonly #history: HistoryReader;
  readonly #loaded: LRUCache<string, ConversationState>;
  readonly #loading = new Map<string, Promise<ConversationState>>();
  readonly #tails = new Map<string, Tail>();
  /** History must have come this far before it may be asked about a conversation that was dropped from memory. */
  #evictedOffset = 0;

  constructor(history: HistoryReader, capacity: number) {
    this.#history = history;
    this.#loaded = new LRUCache({
      max: capacity,
      dispose: (state) => {
        state.isEvicted = true;
        this.#evictedOffset = Math.max(this.#evictedOffset, state.lastOffset + 1);
      },
    });
  }

  get size(): number {
    return this.#loaded.size;
  }

  /** The state when it is in memory. */
  get(key: string): ConversationState | undefined {
    return this.#loaded.get(key);
  }

  /** Notes an event of the tail, while the partition is taken over. */
  foldTail(event: TailEvent): void {
    const key = conversationKey(event.app, event.conversation);
    const tail = this.#tails.get(key) ?? { headSeq: 0, countable: 0, lastOffset: 0, changes: [] };
    this.#tails.set(key, tail);
    if (event.seq > 0) tail.headSeq = event.seq;
    tail.countable = Math.max(tail.countable, event.countable);
    tail.lastOffset = event.offset;
    if (event.membership !== undefined) tail.changes.push({ delta: event.membership, speaking: event.speaking });
  }

  /** Reads a conversation from history; concurrent calls share one request. Rejects when history does not answer. */
  load(app: string, conversation: string): Promise<ConversationState> {
    const key = conversationKey(app, conversation);
    const loaded = this.#loaded.get(key);
    if (loaded !== undefined) return Promise.resolve(loaded);
    const pending = this.#loading.get(key);
    if (pending !== undefined) return pending;
    const loading = this.#read(app, conversation).finally(() => this.#loading.delete(key));
    this.#loading.set(key, loading);
    return loading;
  }

  async #read(app: string, conversation: string): Promise<ConversationState> {
    const parsed = parseConversation(conversation);
    if (!parsed.ok) throw ParleyError.of(parsed.error);
    const base = await this.#history.getConversation(
      { app, conversation, atLeastOffset: this.#evictedOffset },
      { timeoutMs: routerLimits.loadWithinMs },
    );
    const state: ConversationState = {
      key: conversationKey(app, conversation),
      app,
      conversation: parsed.value,
      headSeq: base.headSeq,
      committedSeq: base.headSeq,
      countable: base.countable,
      membershipVersion: base.membershipVersion,
      isClosed: base.closed,
      members: new Set(base.members),
      speaking: speakingOf(base.speaking),
      quota: undefined,
      isEvicted: false,
      lastOffset: 0,
    };
    this.#layTailOver(state);
    this.#loaded.set(state.key, state);
    return state;
  }

  #layTailOver(state: ConversationState): void {
    const tail = this.#tails.get(state.key);
    if (tail === undefined) return;
    this.#tails.delete(state.key);
    state.headSeq = Math.max(state.headSeq, tail.headSeq);
    state.committedSeq = state.headSeq;
    state.countable = Math.max(state.countable, tail.countable);
    state.lastOffset = tail.lastOffset;
    for (const { delta, speaking } of tail.changes) applyMembership(state, delta, speaking);
  }
}
