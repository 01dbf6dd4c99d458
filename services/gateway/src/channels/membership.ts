import type { HistoryService } from '@parley/contracts/history';
import { backoffMs, type Clock, ParleyError, type Random, sleep, withTimeout } from '@parley/kernel';
import type { ServiceClient } from '@parley/rpc';
import type { Logger } from '@parley/telemetry';
import type { GatewayLimits } from '../limits.js';
import { chunkOf } from '../outbound/chunk.js';
import type { LocalUser } from '../sessions/local-user.js';
import type { SessionTable } from '../sessions/session-table.js';
import type { Channel } from './channel.js';
import type { ChannelTable } from './channel-table.js';
import type { Refresh } from './refresh.js';

export interface MembershipDeps {
  readonly history: ServiceClient<typeof HistoryService>;
  readonly channels: ChannelTable;
  readonly sessions: SessionTable;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly limits: GatewayLimits;
  /** Aborted when the gateway stops. */
  readonly signal: AbortSignal;
}

interface Joined {
  readonly conversation: string;
  readonly headSeq: number;
  readonly firstSeq: number;
}

const retry = { firstMs: 200, longestMs: 5_000 };
/** Users that history is asked about at a time. */
const filterUsersMax = 1_000;

/**
 * Keeps channels and memberships in step where the channels themselves cannot tell: at login, after an
 * interruption, and when a user joins what is not heard here yet. History is believed only when it was
 * asked after the subscription had become active; what a channel says meanwhile counts more (DESIGN.md).
 */
export class Membership {
  readonly #deps: MembershipDeps;

  constructor(deps: MembershipDeps) {
    this.#deps = deps;
  }

  /** A subscription has become active, for the first time or again. */
  subscribed(channel: Channel, isFirst: boolean): void {
    this.#deps.channels.activated(channel);
    if (!isFirst) void this.#check(channel);
  }

  /** Compares the user's channels with history, soon. `isReady` follows. */
  refresh(user: LocalUser): void {
    if (user.refresh === undefined) void this.#refreshUntilDone(user);
    else user.refresh.isStale = true;
  }

  /** Resolves when the user's channels agree with history; rejects with UNAVAILABLE when that takes too long. */
  async whenReady(user: LocalUser): Promise<void> {
    if (user.isReady) return;
    const ready = new Promise<void>((resolve) => {
      user.waiters ??= [];
      user.waiters.push(resolve);
    });
    const { clock, limits } = this.#deps;
    await withTimeout(clock, limits.readyWithinMs, ready, () => new ParleyError('UNAVAILABLE', 'subscriptions are not active yet'));
  }

  async #refreshUntilDone(user: LocalUser): Promise<void> {
    const refresh: Refresh = { isStale: true, overrides: new Map() };
    user.refresh = refresh;
    for (let failures = 0; refresh.isStale && isInUse(user); ) {
      refresh.isStale = false;
      try {
        await this.#refreshOnce(user, refresh);
        failures = 0;
      } catch (error) {
        refresh.isStale = true;
        if (!(await this.#pause('cannot find out the memberships of a user', failures++, error))) break;
      }
    }
    user.refresh = undefined;
    if (refresh.isStale || !isInUse(user)) return;
    user.isReady = true;
    const waiters = user.waiters ?? [];
    user.waiters = undefined;
    for (const wake of waiters) wake();
  }

  async #refreshOnce(user: LocalUser, refresh: Refresh): Promise<void> {
    const { channels, limits } = this.#deps;
    for (let round = 0; round < limits.refreshRoundsMax; round++) {
      refresh.overrides.clear();
      const askedAt = channels.nextStamp();
      const joined = await this.#listJoined(user);
      const late = joined
        .map(({ conversation }) => channels.open(user.app, conversation))
        .filter((channel) => channel.activeSince === undefined || channel.activeSince > askedAt);
      if (late.length === 0) {
        this.#apply(user, refresh, joined);
        return;
      }
      await Promise.all(late.map((channel) => this.#whenActive(channel)));
    }
    throw new ParleyError('UNAVAILABLE', 'channels keep changing');
  }

  async #listJoined(user: LocalUser): Promise<readonly Joined[]> {
    const joined: Joined[] = [];
    let page = '';
    do {
      const request = { app: user.app, user: user.id, page, isCurrent: true };
      const answer = await this.#deps.history.listConversations(request, { timeoutMs: this.#deps.limits.requestWithinMs });
      for (const entry of answer.conversations) {
        if (entry.isMember && !entry.conversation.startsWith('u:')) joined.push(entry);
      }
      page = answer.nextPage;
    } while (page !== '');
    return joined;
  }

  #apply(user: LocalUser, refresh: Refresh, joined: readonly Joined[]): void {
    if (!isInUse(user)) return;
    const { channels, clock, sessions } = this.#deps;
    const kept = new Set<Channel>();
    for (const { conversation, headSeq, firstSeq } of joined) {
      const override = refresh.overrides.get(conversation);
      if (override?.type === 'left') continue;
      const channel = channels.open(user.app, conversation);
      kept.add(channel);
      const member = channel.members.get(user);
      const sinceSeq = member?.sinceSeq ?? override?.sinceSeq ?? firstSeq;
      channel.add(user, { hearsUrgent: true, hearsNormal: true, sinceSeq });
      // Whoever is not ready yet will sync; the others must be told that they may have missed something.
      if (member === undefined && user.isReady && headSeq > 0) sessions.notify(user, headMoved(conversation, headSeq));
    }
    for (const channel of user.channels) {
      if (!kept.has(channel) && !refresh.overrides.has(channel.id)) channel.remove(user, clock.monotonic());
    }
  }

  #whenActive(channel: Channel): Promise<void> {
    if (channel.activeSince !== undefined) return Promise.resolve();
    const active = new Promise<void>((resolve) => {
      channel.waiters ??= [];
      channel.waiters.push(resolve);
    });
    const { clock, limits } = this.#deps;
    return withTimeout(clock, limits.requestWithinMs, active, () => new ParleyError('UNAVAILABLE', 'no router has the channel'));
  }

  /** After an interruption: nothing is delivered until it is known who is still a member. */
  async #check(channel: Channel): Promise<void> {
    const check = { overrides: new Map<string, 'joined' | 'left'>() };
    channel.check = check;
    for (let failures = 0; channel.check === check && channel.members.size > 0; failures++) {
      try {
        const users = [...channel.members.keys()].map((user) => user.id);
        const { members, headSeq } = await this.#filterMembers(channel, users);
        if (channel.check !== check) return;
        this.#settle(channel, new Set(users), members, headSeq);
        break;
      } catch (error) {
        if (!(await this.#pause('cannot find out the members of a channel', failures, error))) return;
      }
    }
    if (channel.check === check) channel.check = undefined;
  }

  async #filterMembers(channel: Channel, users: readonly string[]): Promise<{ members: Set<string>; headSeq: number }> {
    const members = new Set<string>();
    let headSeq = 0;
    for (let at = 0; at < users.length; at += filterUsersMax) {
      const part = users.slice(at, at + filterUsersMax);
      const request = { app: channel.app, conversation: channel.id, users: part, isCurrent: true };
      const answer = await this.#deps.history.filterMembers(request, { timeoutMs: this.#deps.limits.requestWithinMs });
      for (const member of answer.members) members.add(member);
      headSeq = Math.max(headSeq, answer.headSeq);
    }
    return { members, headSeq };
  }

  #settle(channel: Channel, asked: ReadonlySet<string>, members: ReadonlySet<string>, headSeq: number): void {
    const { clock, sessions } = this.#deps;
    const notice = headMoved(channel.id, headSeq);
    for (const [user, member] of [...channel.members]) {
      const override = channel.check?.overrides.get(user.id);
      const isMember = override === undefined ? members.has(user.id) || !asked.has(user.id) : override === 'joined';
      if (!isMember) {
        channel.remove(user, clock.monotonic());
        continue;
      }
      member.hearsUrgent = true;
      member.hearsNormal = true;
      if (headSeq > 0) sessions.notify(user, notice);
    }
  }

  /** False when the gateway stops. */
  async #pause(what: string, failures: number, error: unknown): Promise<boolean> {
    const { clock, random, logger, signal } = this.#deps;
    if (signal.aborted) return false;
    if (failures === 0) logger.warn(what, { error: ParleyError.from(error).error }, error);
    await sleep(clock, backoffMs(retry, failures, random), signal).catch(() => undefined);
    return !signal.aborted;
  }
}

const isInUse = (user: LocalUser): boolean => user.sessions.length > 0 && user.isSubscribed;

const headMoved = (conversation: string, headSeq: number) => chunkOf({ body: { type: 'headMoved', value: { conversation, headSeq } } });
