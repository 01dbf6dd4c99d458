import type { Channel } from '../channels/channel.js';
import type { Refresh } from '../channels/refresh.js';
import type { Session } from './session.js';

/** A user with sessions on this gateway. Memberships are the user's, so all sessions share them. */
export interface LocalUser {
  readonly app: string;
  readonly id: string;
  sessions: readonly Session[];
  /** Group and room channels that the user is a live member of; few, so an array is the smallest. */
  channels: readonly Channel[];
  /** The user's own channel is active. */
  isSubscribed: boolean;
  /** The channels agree with an answer of history that was asked for while they were active. */
  isReady: boolean;
  refresh: Refresh | undefined;
  /** Who waits for `isReady`. */
  waiters: (() => void)[] | undefined;
  /** Since when it has no sessions (monotonic). */
  unusedSinceMs: number;
}

/** The channel of the user itself. */
export const userChannelPrefix = 'user:';
export const ownChannelOf = (user: LocalUser): string => userChannelPrefix + user.id;
