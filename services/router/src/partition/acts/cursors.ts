import { LRUCache } from 'lru-cache';
import type { ConversationState } from '../conversation-state.js';

/** How far a user has read a conversation, and how much of it has arrived. */
export interface Cursor {
  readonly readSeq: number;
  readonly deliveredSeq: number;
}

/** Where cursors of one partition stand, of those that moved last. One that is not known here may stand anywhere. */
export class Cursors {
  readonly #cursors: LRUCache<string, Cursor>;

  constructor(capacity: number) {
    this.#cursors = new LRUCache({ max: capacity });
  }

  get({ key }: ConversationState, user: string): Cursor | undefined {
    return this.#cursors.get(`${key}/${user}`);
  }

  set({ key }: ConversationState, user: string, { readSeq, deliveredSeq }: Cursor): void {
    this.#cursors.set(`${key}/${user}`, { readSeq, deliveredSeq });
  }

  /** From now on it may stand anywhere: the next one is news, also where it does not move. */
  forget({ key }: ConversationState, user: string): void {
    this.#cursors.delete(`${key}/${user}`);
  }
}
