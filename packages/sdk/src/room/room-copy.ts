import { backoffMs, type CancelTimer, type Clock, type Random } from '@parley/kernel';
import type { RoomChange, RoomInfo, RoomTally } from '@parley/wire';
import { ParleyClientError } from '../client-error.js';
import type { Membership } from '../events.js';
import type { SdkLimits } from '../limits.js';
import { behaviourOf, type RoomSnapshot, snapshotOf } from './room-details.js';
import { foldChange, foldCounters, foldInfo, foldMembership, foldTally, roleIn } from './room-fold.js';

/** What led from one snapshot to the next. */
export type RoomStep =
  /** Everything is new. */
  | { readonly type: 'entered' }
  /** The room was asked for: what lay between is not known one by one. */
  | { readonly type: 'refreshed' }
  | { readonly type: 'changed'; readonly operator: string }
  | { readonly type: 'membership'; readonly change: Membership }
  | { readonly type: 'counted' };

export interface RoomCopyOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: SdkLimits;
  self(): string;
  /** Asks for the room. */
  fetch(): Promise<RoomInfo>;
  /** The snapshot is another one by now. */
  stepped(before: RoomSnapshot, step: RoomStep): void;
  /** The server refuses to tell for good. */
  refused(error: ParleyClientError): void;
}

const nothing: RoomSnapshot = {
  ...{ name: '', owner: '', moderators: [], mutes: [], attributes: new Map(), counters: new Map(), options: behaviourOf(undefined) },
  ...{ memberCount: 0, stateVersion: 0, createdMs: 0, firstSeq: 0, version: 0, tallyVersion: 0 },
};

/** A change, and when it was made by the server's clock. */
export interface TimedChange extends RoomChange {
  readonly timeMs: number;
}

/** A wait for a version of the state. */
interface Waiter {
  readonly version: number;
  readonly done: () => void;
}

/**
 * The client's copy of a room, kept true: takes changes in the order of their versions, each once and whole, and asks for
 * the room when one is missing or may be. It asks once at a time, not often, and later the more members there are, for
 * when one of ten thousand has missed something, the others often have as well.
 */
export class RoomCopy {
  readonly #options: RoomCopyOptions;
  readonly #early = new Map<number, TimedChange>();
  #waiters: Waiter[] = [];
  #snapshot = nothing;
  /** The highest version of the state that is known to exist. */
  #newestVersion = 0;
  /** Something may have been missed, whatever the versions say. */
  #isDoubtful = false;
  #isPaused = true;
  #isFetching = false;
  #cancelFetch: CancelTimer | undefined;
  #nextFetchAt = 0;
  #failures = 0;
  /** Changes whenever an answer under way becomes void. */
  #generation = 0;

  constructor(options: RoomCopyOptions) {
    this.#options = options;
  }

  get snapshot(): RoomSnapshot {
    return this.#snapshot;
  }

  /** The room as it stood when the user entered; what is told from here on follows it. */
  enter(info: RoomInfo): void {
    this.pause();
    this.#forgetChanges();
    this.#newestVersion = info.stateVersion;
    this.#isDoubtful = false;
    this.#step(snapshotOf(info), { type: 'entered' });
    this.resume();
  }

  change(change: TimedChange): void {
    const { stateVersion } = change;
    if (stateVersion <= this.#snapshot.stateVersion) return;
    this.#newestVersion = Math.max(this.#newestVersion, stateVersion);
    if (stateVersion === this.#snapshot.stateVersion + 1) this.#apply(change);
    else if (this.#early.size < this.#options.limits.roomHeldMax) this.#early.set(stateVersion, change);
    this.#drain();
  }

  membership(change: Membership): void {
    this.#step(foldMembership(this.#snapshot, change), { type: 'membership', change });
  }

  tally(tally: RoomTally): void {
    this.#step(foldTally(this.#snapshot, tally), { type: 'counted' });
  }

  /** The answer to an own contribution. */
  counted(name: string, value: number): void {
    this.#step(foldCounters(this.#snapshot, [{ name, value }]), { type: 'counted' });
  }

  /** Anything may have been missed. */
  doubt(): void {
    this.#isDoubtful = true;
    this.#plan(this.#spreadMs());
  }

  /** Resolves when the copy has come as far as the user's own change; bounded, for the change itself is done already. */
  reach(version: number): Promise<void> {
    if (this.#isPaused || version <= this.#snapshot.stateVersion) return Promise.resolve();
    this.#newestVersion = Math.max(this.#newestVersion, version);
    this.#plan(0);
    return new Promise((resolve) => {
      const cancel = this.#options.clock.setTimer(this.#options.limits.roomReachMs, () => waiter.done());
      const waiter: Waiter = {
        version,
        done: () => {
          cancel();
          this.#waiters = this.#waiters.filter((other) => other !== waiter);
          resolve();
        },
      };
      this.#waiters.push(waiter);
    });
  }

  /** Nothing can be asked or told for now, or for good. */
  pause(): void {
    this.#isPaused = true;
    this.#generation++;
    this.#isDoubtful ||= this.#isFetching;
    this.#isFetching = false;
    this.#cancelFetch?.();
    this.#cancelFetch = undefined;
    for (const { done } of this.#waiters) done();
  }

  resume(): void {
    this.#isPaused = false;
    this.#failures = 0;
    if (this.#isMissing) this.#plan(this.#spreadMs());
  }

  #forgetChanges(): void {
    this.#early.clear();
    this.#newestVersion = 0;
  }

  get #isMissing(): boolean {
    return this.#isDoubtful || this.#newestVersion > this.#snapshot.stateVersion;
  }

  #apply(change: TimedChange): void {
    const self = this.#options.self();
    const wasMember = roleIn(this.#snapshot, self) === 'member';
    this.#step(foldChange(this.#snapshot, change, { self, timeMs: change.timeMs }), { type: 'changed', operator: change.operator });
    // Who becomes a moderator may see mutes that were not for him before.
    if (wasMember && roleIn(this.#snapshot, self) !== 'member') this.doubt();
  }

  #drain(): void {
    for (const version of [...this.#early.keys()]) if (version <= this.#snapshot.stateVersion) this.#early.delete(version);
    for (let next = this.#takeNext(); next !== undefined && !this.#isPaused; next = this.#takeNext()) this.#apply(next);
    if (this.#isMissing) this.#plan(this.#spreadMs());
  }

  #takeNext(): TimedChange | undefined {
    const version = this.#snapshot.stateVersion + 1;
    const next = this.#early.get(version);
    this.#early.delete(version);
    return next;
  }

  #step(after: RoomSnapshot, step: RoomStep): void {
    const before = this.#snapshot;
    if (after === before) return;
    this.#snapshot = after;
    this.#options.stepped(before, step);
    for (const waiter of this.#waiters) if (waiter.version <= after.stateVersion) waiter.done();
  }

  #spreadMs(): number {
    const { roomSpreadPerMemberMs, roomSpreadMaxMs } = this.#options.limits;
    return Math.min(roomSpreadMaxMs, this.#snapshot.memberCount * roomSpreadPerMemberMs);
  }

  /** Gives what is missing a moment to arrive by itself, then asks. */
  #plan(spreadMs: number): void {
    if (this.#isPaused || this.#isFetching || this.#cancelFetch !== undefined) return;
    const { clock, random, limits } = this.#options;
    const waitMs = Math.max(limits.gapHoldMs, this.#nextFetchAt - clock.monotonic());
    this.#cancelFetch = clock.setTimer(waitMs + Math.floor(random.next() * spreadMs), () => {
      this.#cancelFetch = undefined;
      if (this.#isMissing) void this.#fetch(this.#generation);
    });
  }

  async #fetch(generation: number): Promise<void> {
    const { clock, limits, fetch, refused } = this.#options;
    this.#isFetching = true;
    this.#isDoubtful = false;
    this.#nextFetchAt = clock.monotonic() + limits.roomRefreshEveryMs;
    try {
      const info = await fetch();
      if (generation !== this.#generation) return;
      this.#isFetching = false;
      this.#failures = 0;
      // Another room of the same id: what was told of the one before it does not count.
      if (info.createdMs > this.#snapshot.createdMs) this.#forgetChanges();
      this.#newestVersion = Math.max(this.#newestVersion, info.stateVersion);
      this.#step(foldInfo(this.#snapshot, info), { type: 'refreshed' });
      this.#drain();
    } catch (thrown) {
      if (generation !== this.#generation) return;
      this.#isFetching = false;
      const error = ParleyClientError.from(thrown);
      if (error.retryable) this.#fetchAgain(error.retryAfterMs);
      else refused(error);
    }
  }

  #fetchAgain(atLeastMs: number): void {
    const { clock, random, limits } = this.#options;
    this.#isDoubtful = true;
    const policy = { firstMs: limits.retryFirstMs, longestMs: limits.retryLongestMs };
    this.#nextFetchAt = clock.monotonic() + Math.max(atLeastMs, backoffMs(policy, this.#failures++, random));
    this.#plan(this.#spreadMs());
  }
}
