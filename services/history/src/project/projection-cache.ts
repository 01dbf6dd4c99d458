import type { MemberState, MessageRow } from '@parley/contracts/history-rows';
import { historyLimits } from '../limits.js';
import type { HeldConversation } from '../rows/held-conversation.js';
import { RecentMap } from './recent-map.js';

/** Rows as they are in the store, kept from batch to batch: all that a plain message needs. */
export interface ProjectionCache {
  /** By app and conversation. */
  readonly conversations: RecentMap<HeldConversation>;
  /** By app, conversation and user. */
  readonly states: RecentMap<MemberState>;
  /** By app, conversation and seq. */
  readonly messages: RecentMap<MessageRow>;
  /** How far blocks are true, by app, conversation and block. */
  readonly blocks: RecentMap<number>;
}

/** One of so many as a process may have: together they stay within the limits. */
export const createProjectionCache = (partitions: number): ProjectionCache => ({
  conversations: new RecentMap(historyLimits.headsCached / partitions),
  states: new RecentMap(historyLimits.statesCached / partitions),
  messages: new RecentMap(historyLimits.messagesCached / partitions),
  blocks: new RecentMap(historyLimits.messagesCached / partitions),
});

export const cacheKey = (app: string, conversation: string): string => `${app}/${conversation}`;
