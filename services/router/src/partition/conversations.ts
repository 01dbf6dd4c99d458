import type { TimelineEntry } from '@parley/contracts/events';
import type { GetConversationResponse } from '@parley/contracts/history';
import { type Conversation, parseConversation, ParleyError } from '@parley/kernel';
import type { ConversationEvent } from '@parley/wire';
import { LRUCache } from 'lru-cache';
import { routerLimits } from '../limits.js';
import type { HistoryReader } from '../ports.js';
import { conversationKey, type ConversationState } from './conversation-state.js';
import { ConversationTail } from './conversation-tail.js';
import { SlowMode } from './slow-mode.js';
import { speakingOf } from './speaking.js';
import { spokenOfLate } from './spoken-of-late.js';

/**
 * The conversations of one partition. A conversation is read from history on first use; what the timeline
 * holds beyond history's projection is laid over the answer, so that the two together are exact.
 */
export class Conversations {
  readonly #history: HistoryReader;
  readonly #loaded: LRUCache<string, ConversationState>;
  readonly #loading = new Map<string, Promise<ConversationState>>();
  readonly #tails = new Map<string, ConversationTail>();
  /** History must have come this far before it may be asked about a conversation that was dropped from memory. */
  #evictedOffset = 0;

  /** `timelineEnd`: where the next record of the partition goes; offset. */
  constructor(history: HistoryReader, capacity: number, timelineEnd: () => number = () => 0) {
    this.#history = history;
    this.#loaded = new LRUCache({
      max: capacity,
      dispose: (state) => {
        state.isEvicted = true;
        // What is being written, history must know of as well: else its seqs would be given out again.
        const last = state.headSeq > state.committedSeq ? timelineEnd() : state.lastOffset;
        this.#evictedOffset = Math.max(this.#evictedOffset, last + 1);
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

  /** Notes an entry of the tail, while the partition is taken over. */
  foldTail(entry: TimelineEntry, event: ConversationEvent, offset: number): void {
    const key = conversationKey(entry.app, event.conversation);
    let tail = this.#tails.get(key);
    if (tail === undefined) {
      tail = new ConversationTail();
      this.#tails.set(key, tail);
    }
    tail.fold(entry, event, offset);
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
    const state = stateOf(app, parsed.value, base);
    const tail = this.#tails.get(state.key);
    tail?.layOver(state);
    await this.#slowDown(state, tail);
    this.#tails.delete(state.key);
    this.#loaded.set(state.key, state);
    return state;
  }

  /** Slow mode goes on for those who have spoken of late, as history and the tail know. */
  async #slowDown(state: ConversationState, tail: ConversationTail | undefined): Promise<void> {
    const { app, conversation, speaking } = state;
    const slowModeMs = speaking?.slowModeMs ?? 0;
    if (slowModeMs === 0) return;
    const spoken = await spokenOfLate(this.#history, { app, conversation: conversation.id, slowModeMs });
    state.slowMode = new SlowMode();
    for (const [sender, timeMs] of [...spoken, ...(tail?.spoken ?? [])]) state.slowMode.note(sender, timeMs, slowModeMs);
  }
}

/** The state as history has it. Whose words are erased lies with the messages, so the router need not remember it. */
function stateOf(app: string, conversation: Conversation, base: GetConversationResponse): ConversationState {
  return {
    key: conversationKey(app, conversation.id),
    app,
    conversation,
    headSeq: base.headSeq,
    committedSeq: base.headSeq,
    countable: base.countable,
    membershipVersion: base.membershipVersion,
    isClosed: base.closed,
    members: new Set(base.members),
    speaking: speakingOf(base.speaking),
    relation: base.relation,
    profile: base.profile,
    rules: base.rules,
    targetsFloorSeq: base.headSeq,
    receiptWishes: undefined,
    slowMode: undefined,
    quota: undefined,
    isEvicted: false,
    lastOffset: 0,
  };
}
