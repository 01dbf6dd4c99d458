import type { HistoryService, ListConversationsResponse } from '@parley/contracts/history';
import { backoffMs, type Clock, ParleyError, type Random, sleep, withTimeout } from '@parley/kernel';
import type { ServiceClient } from '@parley/rpc';
import type { Logger } from '@parley/telemetry';
import type { GatewayLimits } from '../limits.js';
import { type Chunk, chunkOf } from '../outbound/chunk.js';
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

/** A group or room that history knows the user in, now or earlier. */
interface Listed {
  readonly conversation: string;
  /** The last seq that the user may see. */
  readonly headSeq: number;
  readonly isMember: boolean;
  /** Where the present membership began. */
  readonly memberSinceSeq: number;
}

/** What history said about a user's conversations. */
interface Answer {
  /** The stamp of the question. */
  readonly askedAt: number;
  /** The whole answer in one page; undefined where it is longer, or where something was said meanwhile that no session heard. */
  readonly only: ListConversationsResponse | undefined;
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

  /**
   * Compares the user's channels with history. `isReady` follows. `told`: a channel that the user was said to have
   * joined, where it is not heard; what it said is not missed even if the user has left it by then.
   */
  refresh(user: LocalUser, told?: string): Promise<void> {
    const isRunning = user.refresh !== undefined;
    const refresh = user.refresh ?? { isStale: true, overrides: new Map(), told: new Set(), done: Promise.resolve() };
    if (told !== undefined) refresh.told.add(told);
    refresh.isStale = true;
    user.refresh = refresh;
    if (!isRunning) refresh.done = this.#refreshUntilDone(user, refresh);
    return refresh.done;
  }

  /**
   * To be called before a user is made a member. The answer is to be awaited after it: it resolves when everything that
   * the channel says from there on reaches the user, or when that takes too long.
   */
  expect(user: LocalUser, id: string): () => Promise<void> {
    const expectedAt = this.#deps.channels.nextStamp();
    return () => this.#whenHeard(user, id, expectedAt);
  }

  async #whenHeard(user: LocalUser, id: string, expectedAt: number): Promise<void> {
    const { channels, clock, limits } = this.#deps;
    const channel = channels.get(user.app, id);
    const member = channel?.members.get(user);
    if (member?.hearsUrgent === true && member.hearsNormal) return;
    // A channel that was heard all the time brings the change itself, before what follows.
    if (channel?.activeSince !== undefined && channel.activeSince < expectedAt) return;
    const tooLate = (): Error => new ParleyError('UNAVAILABLE', 'the channel is not active yet');
    await withTimeout(clock, limits.heardWithinMs, this.refresh(user), tooLate).catch(() => undefined);
  }

  /**
   * Resolves when the user's channels agree with history; rejects with UNAVAILABLE when that takes too long. With the
   * user's conversations where they are wanted, if history was asked for them after this call and nothing has happened
   * since that live events did not bring: then nobody needs to ask again.
   */
  async whenReady(user: LocalUser, wantsAll = false): Promise<ListConversationsResponse | undefined> {
    if (user.isReady) return undefined;
    const { channels, clock, limits } = this.#deps;
    const ready = new Promise<ListConversationsResponse | undefined>((wake) => {
      user.waiters ??= [];
      user.waiters.push({ since: channels.nextStamp(), wantsAll, wake });
    });
    return withTimeout(clock, limits.readyWithinMs, ready, () => new ParleyError('UNAVAILABLE', 'subscriptions are not active yet'));
  }

  async #refreshUntilDone(user: LocalUser, refresh: Refresh): Promise<void> {
    let answer: Answer | undefined;
    for (let failures = 0; refresh.isStale && isInUse(user); ) {
      refresh.isStale = false;
      try {
        answer = await this.#refreshOnce(user, refresh);
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
    for (const { since, wantsAll, wake } of waiters) {
      wake(wantsAll && answer !== undefined && since < answer.askedAt ? answer.only : undefined);
    }
  }

  async #refreshOnce(user: LocalUser, refresh: Refresh): Promise<Answer> {
    const { channels, limits } = this.#deps;
    for (let round = 0; round < limits.refreshRoundsMax; round++) {
      refresh.overrides.clear();
      const askedAt = channels.nextStamp();
      // What a conversation looks like costs history more than who is in it.
      const isMembershipOnly = user.waiters?.some(({ wantsAll }) => wantsAll) !== true;
      const pages = await this.#list(user, isMembershipOnly);
      const listed = pages.flatMap(({ conversations }) => conversations).filter(({ conversation }) => !conversation.startsWith('u:'));
      const late = listed
        .filter(({ isMember }) => isMember)
        .map(({ conversation }) => channels.open(user.app, conversation))
        .filter((channel) => channel.activeSince === undefined || channel.activeSince > askedAt);
      if (late.length === 0) {
        this.#apply(user, refresh, listed);
        const isUnheard = refresh.overrides.size > 0 || user.channels.some(({ spokeAt }) => spokeAt > askedAt);
        return { askedAt, only: isMembershipOnly || isUnheard || pages.length > 1 ? undefined : pages[0] };
      }
      await Promise.all(late.map((channel) => this.#whenActive(channel)));
    }
    throw new ParleyError('UNAVAILABLE', 'channels keep changing');
  }

  async #list(user: LocalUser, isMembershipOnly: boolean): Promise<readonly ListConversationsResponse[]> {
    const pages: ListConversationsResponse[] = [];
    let page = '';
    do {
      const request = { app: user.app, user: user.id, page, isCurrent: true, isMembershipOnly };
      const answer = await this.#deps.history.listConversations(request, { timeoutMs: this.#deps.limits.requestWithinMs });
      pages.push(answer);
      page = answer.nextPage;
    } while (page !== '');
    return pages;
  }

  #apply(user: LocalUser, refresh: Refresh, listed: readonly Listed[]): void {
    if (!isInUse(user)) return;
    const { channels, clock, sessions } = this.#deps;
    const kept = new Set<Channel>();
    const known = new Set<string>();
    for (const { conversation, headSeq, isMember, memberSinceSeq } of listed) {
      known.add(conversation);
      const override = refresh.overrides.get(conversation);
      if (override?.type === 'left' || (!isMember && override === undefined)) {
        // An answer from before the end does not know where that is, but a sync will.
        this.#leave(user, refresh, { conversation, notice: isMember ? resync : headMoved(conversation, headSeq) });
        continue;
      }
      // The channel knows of a return that the answer does not.
      if (!isMember) continue;
      const channel = channels.open(user.app, conversation);
      kept.add(channel);
      const member = channel.members.get(user);
      // What lies before, such as what was said between two memberships, may still be on its way here.
      const sinceSeq = Math.max(memberSinceSeq, override?.sinceSeq ?? 0, member?.sinceSeq ?? 0);
      channel.add(user, { hearsUrgent: true, hearsNormal: true, sinceSeq });
      // Whoever is not ready yet will sync; the others must be told that they may have missed something.
      const hasMissed = member === undefined || !member.hearsUrgent || !member.hearsNormal;
      const head = Math.max(headSeq, channel.heardSeq);
      if (hasMissed && user.isReady && head > 0) sessions.notify(user, headMoved(conversation, head));
    }
    this.#tellEnds(user, refresh, known);
    for (const channel of user.channels) {
      if (!kept.has(channel) && !refresh.overrides.has(channel.id)) channel.remove(user, clock.monotonic());
    }
  }

  /** The user is not a member any more. What was said until then may not have been heard, the end of it included. */
  #leave(user: LocalUser, { told }: Refresh, { conversation, notice }: { readonly conversation: string; readonly notice: Chunk }): void {
    const { channels, sessions } = this.#deps;
    const isHearing = channels.get(user.app, conversation)?.members.has(user) === true;
    if (user.isReady && (isHearing || told.has(conversation))) sessions.notify(user, notice);
    told.delete(conversation);
  }

  /** Groups that the answer leaves out: the user is not in them any more, though their channels have not said so. */
  #tellEnds(user: LocalUser, { overrides, told }: Refresh, known: ReadonlySet<string>): void {
    const heard = user.channels.map(({ id }) => id);
    for (const conversation of new Set([...heard, ...told])) {
      if (known.has(conversation) || !conversation.startsWith(groupPrefix) || overrides.get(conversation)?.type === 'joined') continue;
      told.delete(conversation);
      if (user.isReady) void this.#tellEnd(user, conversation);
    }
  }

  /** Tells how far an ended membership went, as history has it. */
  async #tellEnd(user: LocalUser, conversation: string): Promise<void> {
    const { history, limits, sessions } = this.#deps;
    const question = { app: user.app, user: user.id, conversation };
    const answer = await history.getConversationSummary(question, { timeoutMs: limits.requestWithinMs }).catch(() => undefined);
    const headSeq = answer?.conversation?.headSeq ?? 0;
    // A sync knows where this question did not help.
    sessions.notify(user, headSeq > 0 ? headMoved(conversation, headSeq) : resync);
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
    // What came while history was asked has been delivered to nobody.
    const head = Math.max(headSeq, channel.heardSeq);
    const notice = headMoved(channel.id, head);
    for (const [user, member] of [...channel.members]) {
      const override = channel.check?.overrides.get(user.id);
      const isMember = override === undefined ? members.has(user.id) || !asked.has(user.id) : override === 'joined';
      if (!isMember) {
        channel.remove(user, clock.monotonic());
        // How far the membership went is for history to say.
        sessions.notify(user, resync);
        continue;
      }
      member.hearsUrgent = true;
      member.hearsNormal = true;
      if (head > 0) sessions.notify(user, notice);
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

const groupPrefix = 'g:';
const resync = chunkOf({ body: { type: 'resyncNeeded', value: {} } });
const headMoved = (conversation: string, headSeq: number) => chunkOf({ body: { type: 'headMoved', value: { conversation, headSeq } } });
