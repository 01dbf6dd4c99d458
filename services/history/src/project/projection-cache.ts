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

export const createProjectionCache = (): ProjectionCache => ({
  conversations: new RecentMap(historyLimits.headsCached),
  states: new RecentMap(historyLimits.statesCached),
  messages: new RecentMap(historyLimits.messagesCached),
  blocks: new RecentMap(historyLimits.messagesCached),
});

export const cacheKey = (app: string, conversation: string): string => `${app}/${conversation}`;
