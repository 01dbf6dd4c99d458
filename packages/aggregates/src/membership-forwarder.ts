import type { MembershipCommandInit, PendingForward } from '@parley/contracts/events';
import type { Outcome } from '@parley/contracts/router';
import { backoffMs, type CancelTimer, type Clock, errorNameOf, errorSpecOf, type Random } from '@parley/kernel';
import type { RouterClient } from '@parley/router-client';
import type { Logger } from '@parley/telemetry';
import { createMembershipChange } from '@parley/wire';
import { type AggregateName, keyOf, nameOf } from './aggregate-kind.js';
import { aggregateLimits, forwardBackoff } from './limits.js';
import { mergeForwards } from './merge-forwards.js';

export interface ForwarderDeps {
  readonly router: RouterClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly isMembershipStored: boolean;
  /** Tells this forwarder's outcomes from those of others in the process, earlier ones included. */
  readonly connection: number;
  /** What the former owner knew to be confirmed. */
  readonly confirmedIndex: number;
  /** Called when an aggregate has nothing on its way any more. */
  readonly onDrained: (key: string) => void;
  /** Called when {@link MembershipForwarder.confirmedIndex} has grown. */
  readonly onConfirmed: () => void;
}

interface Waiter {
  /** How many forwards of its conversation must be confirmed. */
  readonly upTo: number;
  readonly resolve: (outcome: Outcome | undefined) => void;
}

/** What one conversation's router has not confirmed. */
interface Outbox {
  readonly key: string;
  /** In order; the first ones may be on their way. */
  readonly forwards: PendingForward[];
  /** Since this outbox was made. */
  confirmedCount: number;
  /** In the order of what they wait for, since each waits for what was newest when it came. */
  readonly waiters: Waiter[];
  sent: { readonly request: number; readonly count: number; readonly value: MembershipCommandInit; attempts: number } | undefined;
  cancelTimer: CancelTimer | undefined;
}

/** Changes nothing: no version is below it. The router answers it with the head of the conversation. */
const question: MembershipCommandInit = { change: createMembershipChange({}) };

/**
 * Brings changes that are durable here to the lane of their conversation, each until the router has
 * confirmed it. At most one command per conversation is on its way: lanes may lose what they accepted, and a
 * change that overtook a lost one would make the router take the lost one for old. Rooms make up for the round
 * trips by merging what waits.
 */
export class MembershipForwarder {
  readonly #deps: ForwarderDeps;
  readonly #outboxes = new Map<string, Outbox>();
  readonly #byRequest = new Map<number, Outbox>();
  /** Records with unconfirmed changes and how many of them, by growing index. */
  readonly #open = new Map<number, number>();
  #lastIndex: number;
  #lastRequest = 0;
  #pendingCount = 0;
  #pendingNotices = 0;
  #isClosed = false;

  constructor(deps: ForwarderDeps) {
    this.#deps = deps;
    this.#lastIndex = deps.confirmedIndex;
  }

  /** All changes of records up to this index are with their routers. */
  get confirmedIndex(): number {
    const first = this.#open.keys().next();
    return first.done === true ? this.#lastIndex : first.value - 1;
  }

  get pendingCount(): number {
    return this.#pendingCount;
  }

  /** Whether so much waits for the routers that no more changes should be made. */
  get isFull(): boolean {
    return this.#pendingCount >= aggregateLimits.pendingForwardsMax || this.#pendingNotices >= aggregateLimits.pendingNoticesMax;
  }

  /** Changes of one aggregate that are not confirmed, in order. */
  pendingOf(key: string): readonly PendingForward[] {
    return this.#outboxes.get(key)?.forwards ?? [];
  }

  /** Takes over changes of committed records. Indexes never go back from one call to the next. */
  add(key: string, forwards: readonly PendingForward[]): void {
    if (forwards.length === 0) return;
    const outbox = this.#outboxOf(key);
    for (const forward of forwards) {
      outbox.forwards.push(forward);
      this.#pendingNotices += forward.notices.length;
      this.#open.set(forward.index, (this.#open.get(forward.index) ?? 0) + 1);
      this.#lastIndex = Math.max(this.#lastIndex, forward.index);
    }
    this.#pendingCount += forwards.length;
    if (outbox.sent === undefined) this.#sendNext(outbox);
  }

  /** Takes over what the former owner has left; to be called once, first. */
  resume(unconfirmed: ReadonlyMap<string, readonly PendingForward[]>): void {
    const indexes = [...unconfirmed.values()].flat().map(({ index }) => index);
    // Opened by growing index before anything is sent: an answer may come at once.
    for (const index of indexes.sort((a, b) => a - b)) this.#open.set(index, 0);
    for (const [key, forwards] of unconfirmed) this.add(key, forwards);
  }

  /**
   * The router's answer to the newest change of the aggregate that is on its way; undefined at once when there is
   * none, unless `asksForHead`: then the router is asked. Undefined too when no answer is to be expected any more.
   */
  settled(name: AggregateName, asksForHead: boolean): Promise<Outcome | undefined> {
    const key = keyOf(name);
    if (this.#isClosed || (!asksForHead && !this.#outboxes.has(key))) return Promise.resolve(undefined);
    const outbox = this.#outboxOf(key);
    return new Promise((resolve) => {
      outbox.waiters.push({ upTo: outbox.confirmedCount + outbox.forwards.length, resolve });
      if (outbox.sent === undefined) this.#sendNext(outbox);
    });
  }

  /** Takes the outcome of a command with this forwarder's connection. */
  onOutcome(outcome: Outcome): void {
    const outbox = this.#byRequest.get(outcome.request);
    if (outbox?.sent === undefined || this.#isClosed) return;
    if (outcome.error === 0) {
      this.#confirm(outbox, outcome);
      return;
    }
    const error = errorNameOf(outcome.error);
    if (error !== undefined && errorSpecOf(error).retry === 'never') {
      this.#deps.logger.error('the router refuses a membership change for good', {
        error,
        detail: outcome.detail,
        ...nameOf(outbox.key),
      });
      this.#confirm(outbox, undefined);
      return;
    }
    const { random } = this.#deps;
    this.#sendAfter(outbox, backoffMs(forwardBackoff, outbox.sent.attempts, random));
  }

  /** Stops; nobody waits any longer. What is not confirmed is for the next owner. */
  close(): void {
    this.#isClosed = true;
    for (const outbox of this.#outboxes.values()) {
      outbox.cancelTimer?.();
      for (const waiter of outbox.waiters) waiter.resolve(undefined);
    }
    this.#outboxes.clear();
    this.#byRequest.clear();
  }

  #outboxOf(key: string): Outbox {
    let outbox = this.#outboxes.get(key);
    if (outbox === undefined) {
      outbox = { key, forwards: [], confirmedCount: 0, waiters: [], sent: undefined, cancelTimer: undefined };
      this.#outboxes.set(key, outbox);
    }
    return outbox;
  }

  #sendNext(outbox: Outbox): void {
    const { count, value } = this.#next(outbox.forwards);
    // 32 bits on the wire; by the time a number comes again its first use is long over.
    this.#lastRequest = (this.#lastRequest + 1) >>> 0;
    outbox.sent = { request: this.#lastRequest, count, value, attempts: 0 };
    this.#byRequest.set(this.#lastRequest, outbox);
    this.#send(outbox);
  }

  #next(forwards: readonly PendingForward[]): { readonly count: number; readonly value: MembershipCommandInit } {
    const { isMembershipStored } = this.#deps;
    const first = forwards[0];
    if (first === undefined) return { count: 0, value: { ...question, isStored: isMembershipStored } };
    if (isMembershipStored) {
      const { index: _, ...value } = first;
      return { count: 1, value: { ...value, isStored: true } };
    }
    const { count, ...value } = mergeForwards(forwards);
    return { count, value: { ...value, isStored: false } };
  }

  #send(outbox: Outbox): void {
    const { sent } = outbox;
    if (sent === undefined) return;
    if (sent.attempts > 1 && sent.count === 0) {
      // Only a question: the caller does without an answer.
      this.#confirm(outbox, undefined);
      return;
    }
    const { router, clock, connection } = this.#deps;
    this.#sendAfter(outbox, aggregateLimits.forwardAgainMs * Math.min(sent.attempts + 1, 5));
    sent.attempts++;
    // Last, because a refusal may come back before `submit` returns.
    router.submit('system', {
      ...nameOf(outbox.key),
      ingressMs: clock.now(),
      origin: { peer: router.peer, connection, request: sent.request },
      body: { type: 'membership', value: sent.value },
    });
  }

  #sendAfter(outbox: Outbox, delayMs: number): void {
    outbox.cancelTimer?.();
    outbox.cancelTimer = this.#deps.clock.setTimer(delayMs, () => this.#send(outbox));
  }

  #confirm(outbox: Outbox, outcome: Outcome | undefined): void {
    const { sent } = outbox;
    if (sent === undefined) return;
    outbox.cancelTimer?.();
    outbox.cancelTimer = undefined;
    outbox.sent = undefined;
    this.#byRequest.delete(sent.request);
    const before = this.confirmedIndex;
    for (const forward of outbox.forwards.splice(0, sent.count)) this.#close(forward);
    outbox.confirmedCount += sent.count;
    const stillWaiting = outbox.waiters.findIndex((waiter) => waiter.upTo > outbox.confirmedCount);
    const answered = outbox.waiters.splice(0, stillWaiting < 0 ? outbox.waiters.length : stillWaiting);
    for (const waiter of answered) waiter.resolve(outcome);
    if (outbox.forwards.length > 0) {
      this.#sendNext(outbox);
    } else {
      this.#outboxes.delete(outbox.key);
      this.#deps.onDrained(outbox.key);
    }
    if (this.confirmedIndex > before) this.#deps.onConfirmed();
  }

  #close({ index, notices }: PendingForward): void {
    this.#pendingCount--;
    this.#pendingNotices -= notices.length;
    const left = (this.#open.get(index) ?? 1) - 1;
    if (left === 0) this.#open.delete(index);
    else this.#open.set(index, left);
  }
}
