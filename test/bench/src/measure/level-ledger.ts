import { type Level, levels } from '../chat/chat-server.js';
import type { LevelRow, MessagePlan } from './level-row.js';
import { Samples } from './percentiles.js';

const states = { unanswered: 0, accepted: 1, refused: 2 } as const;
const inTimeMs = 1_000;

/** Books every message of a run with priorities, and what the server says about those it dropped. */
export class LevelLedger {
  readonly #plan: MessagePlan;
  readonly #first: number;
  readonly #dueMs: Float64Array;
  readonly #states: Uint8Array;
  readonly #arrivals: Uint16Array;
  readonly #accounts = new Map<Level, Account>(levels.map((level) => [level, new Account()]));
  readonly #perClient: Readonly<Record<Level, ClientCounts>>;
  readonly #isBehind: Uint8Array;
  #answeredTwice = 0;
  #foreign = 0;
  #offered = 0;

  constructor(plan: MessagePlan, { first, messages }: { readonly first: number; readonly messages: number }) {
    this.#plan = plan;
    this.#first = first;
    this.#dueMs = new Float64Array(messages);
    this.#states = new Uint8Array(messages);
    this.#arrivals = new Uint16Array(messages);
    this.#isBehind = new Uint8Array(plan.clients);
    const counts = (): ClientCounts => ({ delivered: new Uint32Array(plan.clients), told: new Uint32Array(plan.clients) });
    this.#perClient = { high: counts(), medium: counts(), low: counts() };
  }

  /** The next message is sent, which was due at that time. */
  due(index: number, dueMs: number): void {
    this.#dueMs[index - this.#first] = dueMs;
    this.#offered++;
  }

  stored(index: number, nowMs: number): void {
    const n = index - this.#first;
    if (!this.#answer(n, states.accepted)) return;
    this.#account(n).ack.add(nowMs - (this.#dueMs[n] ?? 0));
  }

  refused(index: number, error: string): void {
    const n = index - this.#first;
    if (!this.#answer(n, states.refused)) return;
    const { refused } = this.#account(n);
    refused.set(error, (refused.get(error) ?? 0) + 1);
  }

  arrived(client: number, index: number, nowMs: number): void {
    const n = index - this.#first;
    const before = this.#arrivals[n];
    if (before === undefined) {
      this.#foreign++;
      return;
    }
    this.#arrivals[n] = before + 1;
    const level = this.#plan.levelOf(n);
    const { delivered } = this.#perClient[level];
    delivered[client] = (delivered[client] ?? 0) + 1;
    const account = this.#account(n);
    const ageMs = nowMs - (this.#dueMs[n] ?? 0);
    if (ageMs <= inTimeMs) account.inTime++;
    if (before + 1 === this.#plan.receivers) account.last.add(ageMs);
  }

  /** The server told the client that it dropped so many messages, on the connection or in the client's room. */
  dropped(client: number, level: Level, count: number): void {
    const { told } = this.#perClient[level];
    told[client] = (told[client] ?? 0) + count;
  }

  /** The server told the client to fetch what it missed. */
  behind(client: number): void {
    this.#isBehind[client] = 1;
  }

  /** Whether every message has its answer and nothing is missing without a word. */
  isSettled(): boolean {
    const totals: Readonly<Record<Level, Totals>> = { high: noTotals(), medium: noTotals(), low: noTotals() };
    const accepted = this.#count(totals);
    return levels.every((level) => totals[level].unanswered === 0 && this.#explain(level, accepted).lost === 0);
  }

  /** What no level accounts for, in words. */
  oddities(): readonly string[] {
    const counts: readonly (readonly [number, string])[] = [
      [this.#answeredTwice, 'messages answered more than once'],
      [this.#foreign, 'answers or deliveries of other messages'],
    ];
    return counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  }

  /** The balance so far, most urgent level first. `nowMs` dates messages that have not reached everybody. */
  rows(nowMs: number): readonly LevelRow[] {
    const totals: Readonly<Record<Level, Totals>> = { high: noTotals(), medium: noTotals(), low: noTotals() };
    const accepted = this.#count(totals);
    return levels.map((level) => this.#row(level, totals[level], accepted, nowMs));
  }

  /** Adds up what the messages say; answers how many accepted ones each room and each sender has. */
  #count(totals: Readonly<Record<Level, Totals>>): Accepted {
    const { receivers, rooms, clients } = this.#plan;
    const accepted: Accepted = { inRoom: new Map(), ofClient: new Map() };
    for (const level of levels) {
      accepted.inRoom.set(level, new Uint32Array(rooms));
      accepted.ofClient.set(level, new Uint32Array(clients));
    }
    for (let n = 0; n < this.#offered; n++) {
      const level = this.#plan.levelOf(n);
      const total = totals[level];
      const arrivals = this.#arrivals[n] ?? 0;
      const state = this.#states[n];
      total.offered++;
      total.surplus += Math.max(0, arrivals - receivers);
      if (state === states.refused && arrivals > 0) total.contradicted++;
      if (arrivals < receivers && state !== states.refused) total.unfinished.push(this.#dueMs[n] ?? 0);
      total.delivered += Math.min(arrivals, receivers);
      if (state === states.unanswered) total.unanswered++;
      if (state !== states.accepted) continue;
      total.accepted++;
      increment(accepted.inRoom.get(level), this.#plan.roomOf(n));
      increment(accepted.ofClient.get(level), this.#plan.senderOf(n));
    }
    return accepted;
  }

  #row(level: Level, total: Totals, accepted: Accepted, nowMs: number): LevelRow {
    const { ack, last, inTime, refused } = this.#account(undefined, level);
    const missing = this.#explain(level, accepted);
    const { offered, unanswered, delivered, surplus, contradicted } = total;
    const lasts = last.copy();
    // Leaving out what never came would make a server that loses the slow ones look fast.
    if (missing.told === 0) for (const dueMs of total.unfinished) lasts.add(nowMs - dueMs);
    return {
      level,
      offered,
      accepted: total.accepted,
      refused: Object.fromEntries(refused),
      unanswered,
      wanted: offered * this.#plan.receivers,
      due: total.accepted * this.#plan.receivers,
      delivered,
      inTime,
      ...missing,
      surplus,
      contradicted,
      ack: ack.spread(),
      last: lasts.spread(),
    };
  }

  /** Why deliveries of accepted messages are missing, client by client. */
  #explain(level: Level, accepted: Accepted): Pick<LevelRow, 'shed' | 'pending' | 'lost' | 'told'> {
    const { clients } = this.#plan;
    const { delivered, told } = this.#perClient[level];
    const sum = { shed: 0, pending: 0, lost: 0, told: 0 };
    for (let client = 0; client < clients; client++) {
      const inRoom = accepted.inRoom.get(level)?.[this.#plan.roomOfClient(client)] ?? 0;
      const due = inRoom - (accepted.ofClient.get(level)?.[client] ?? 0);
      const missing = Math.max(0, due - (delivered[client] ?? 0));
      const shed = Math.min(missing, told[client] ?? 0);
      sum.told += told[client] ?? 0;
      sum.shed += shed;
      if (this.#isBehind[client] === 1 && !this.#plan.isTransient(level)) sum.pending += missing - shed;
      else sum.lost += missing - shed;
    }
    return sum;
  }

  #answer(n: number, state: number): boolean {
    const before = this.#states[n];
    if (before === undefined) this.#foreign++;
    else if (before !== states.unanswered) this.#answeredTwice++;
    else this.#states[n] = state;
    return before === states.unanswered;
  }

  #account(n: number | undefined, level: Level = this.#plan.levelOf(n ?? 0)): Account {
    const account = this.#accounts.get(level);
    if (account === undefined) throw new Error(`no level ${level}`);
    return account;
  }
}

interface ClientCounts {
  readonly delivered: Uint32Array;
  readonly told: Uint32Array;
}

interface Accepted {
  readonly inRoom: Map<Level, Uint32Array>;
  readonly ofClient: Map<Level, Uint32Array>;
}

class Account {
  readonly refused = new Map<string, number>();
  readonly ack = new Samples();
  readonly last = new Samples();
  inTime = 0;
}

interface Totals {
  offered: number;
  accepted: number;
  unanswered: number;
  delivered: number;
  surplus: number;
  contradicted: number;
  /** When those messages were due that have not reached everybody. */
  readonly unfinished: number[];
}

const noTotals = (): Totals => ({ offered: 0, accepted: 0, unanswered: 0, delivered: 0, surplus: 0, contradicted: 0, unfinished: [] });

function increment(counts: Uint32Array | undefined, at: number): void {
  if (counts !== undefined) counts[at] = (counts[at] ?? 0) + 1;
}
