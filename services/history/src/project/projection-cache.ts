import type { MemberState, MessageRow } from '@parley/contracts/history-rows';
import { LRUCache } from 'lru-cache';
import { historyLimits } from '../limits.js';
import type { HeldConversation } from '../rows/held-conversation.js';

/** Rows as they are in the store, kept from batch to batch: all that a plain message needs. */
export interface ProjectionCache {
  /** By app and conversation. */
  readonly conversations: LRUCache<string, HeldConversation>;
  /** By app, conversation and user. */
  readonly states: LRUCache<string, MemberState>;
  /** By app, conversation and seq. */
  readonly messages: LRUCache<string, MessageRow>;
  /** How far blocks are true, by app, conversation and block. */
  readonly blocks: LRUCache<string, number>;
}

export const createProjectionCache = (): ProjectionCache => ({
  conversations: new LRUCache({ max: historyLimits.headsCached }),
  states: new LRUCache({ max: historyLimits.statesCached }),
  messages: new LRUCache({ max: historyLimits.messagesCached }),
  blocks: new LRUCache({ max: historyLimits.messagesCached }),
});

export const cacheKey = (app: string, conversation: string): string => `${app}/${conversation}`;
