import type { ListConversationsResponse } from '@parley/contracts/history';
import type { Channel } from '../channels/channel.js';
import type { Refresh } from '../channels/refresh.js';
import type { Session } from './session.js';

/** Waits until the user's channels agree with history. */
interface ReadyWaiter {
  /** When it began to wait (a stamp of the channel table). */
  readonly since: number;
  /** Whether it has a use for all that history can say of all conversations. */
  readonly wantsAll: boolean;
  /** With history's answer, where that tells the waiter all that live events will not. */
  readonly wake: (listed: ListConversationsResponse | undefined) => void;
}

/** A user with sessions on this gateway. Memberships are the user's, so all sessions share them. */
export interface LocalUser {
  readonly app: string;
  readonly id: string;
  sessions: readonly Session[];
  /** Group and room channels that the user is a live member of; few, so an array is the smallest. */
  channels: readonly Channel[];
  /** Rooms that it is entering, or has entered lately, by channel: until when that counts (monotonic). */
  entering: Map<string, number> | undefined;
  /** The user's own channel is active. */
  isSubscribed: boolean;
  /** The channels agree with an answer of history that was asked for while they were active. */
  isReady: boolean;
  refresh: Refresh | undefined;
  /** Who waits for `isReady`. */
  waiters: ReadyWaiter[] | undefined;
  /** Since when it has no sessions (monotonic). */
  unusedSinceMs: number;
}

/** The channel of the user itself. */
export const userChannelPrefix = 'user:';
export const ownChannelOf = (user: LocalUser): string => userChannelPrefix + user.id;
