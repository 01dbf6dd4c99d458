import type { SliceQuota } from '@parley/lanes';
import type { LocalUser } from '../sessions/local-user.js';

/** How a local user listens to a channel. */
export interface LocalMember {
  /**
   * Whether events of a link class reach the user. Each class brings the membership changes at its own
   * place in its order, so a user comes and goes on each of them separately.
   */
  hearsUrgent: boolean;
  hearsNormal: boolean;
  /** Stored events before this seq are not for the user. */
  readonly sinceSeq: number;
}

/** A question to history about who is a member, and what the channel said meanwhile. */
export interface ChannelCheck {
  readonly overrides: Map<string, 'joined' | 'left'>;
}

/** A group or room channel that this gateway listens to for its local members. */
export class Channel {
  readonly app: string;
  /** Also the id of the conversation. */
  readonly id: string;
  readonly members = new Map<LocalUser, LocalMember>();
  /** The stamp of the moment it became active; undefined before. Stamps grow with every moment that matters. */
  activeSince: number | undefined = undefined;
  /** The stamp of its last delivery. */
  spokeAt = 0;
  /** The highest seq that was delivered on it: who becomes a live member later has missed up to there. */
  heardSeq = 0;
  /** While it is set nothing is delivered: the membership may have changed unheard. */
  check: ChannelCheck | undefined = undefined;
  /** Who waits for it to become active. */
  waiters: (() => void)[] | undefined = undefined;
  /** Of a room to which local members have sent: what they may send together. */
  quota: SliceQuota | undefined = undefined;
  /** Since when it has no local members (monotonic milliseconds). */
  unusedSinceMs: number;

  constructor(app: string, id: string, nowMs: number) {
    this.app = app;
    this.id = id;
    this.unusedSinceMs = nowMs;
  }

  add(user: LocalUser, member: LocalMember): void {
    if (!this.members.has(user)) user.channels = [...user.channels, this];
    this.members.set(user, member);
  }

  remove(user: LocalUser, nowMs: number): void {
    if (!this.members.delete(user)) return;
    user.channels = user.channels.filter((channel) => channel !== this);
    if (this.members.size === 0) this.unusedSinceMs = nowMs;
  }
}
