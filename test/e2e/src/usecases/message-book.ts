import { systemClock } from '@parley/kernel';
import { type ChatClient, type ChatEvents, type Level, messageIdOf } from '@parley/test-bench/protocol';
import { Lookout } from '../world/lookout.js';

/** What became of the messages of one level. Deliveries are counted per receiver. */
export interface LevelAccount {
  readonly offered: number;
  readonly accepted: number;
  /** By the name of the error. */
  readonly refused: Readonly<Record<string, number>>;
  readonly unanswered: number;
  /** Deliveries of accepted messages that did not come. */
  readonly missing: number;
  /** Those of them of which the server said nothing. */
  readonly lost: number;
  /** What the server said it dropped, as all clients together heard it. */
  readonly told: number;
  readonly doubled: number;
  /** Refused, and delivered all the same. */
  readonly contradicted: number;
}

const patienceMs = 20_000;

interface Entry {
  readonly level: Level;
  readonly sender: number;
  readonly offeredMs: number;
  state: 'unanswered' | 'accepted' | string;
  answeredTimes: number;
  arrivals: number;
  lastMs: number;
  readonly seenBy: Uint32Array;
}

/** Writes down every message that a crowd offers, and which member got which, in the order of being offered. */
export class MessageBook implements ChatEvents {
  /** Connections lost, resyncs, errors that answer nothing. */
  readonly troubles: string[] = [];
  readonly #members: number;
  readonly #entries: Entry[] = [];
  readonly #told: Readonly<Record<Level, Uint32Array>>;
  readonly #behind = new Set<number>();
  readonly #doubled: Record<Level, number> = { high: 0, medium: 0, low: 0 };
  #answered = 0;
  #due = 0;
  #arrived = 0;
  #lastAnswerMs = 0;
  readonly #lookout = new Lookout();

  /** `members`: how many clients listen to what any of them says. */
  constructor(members: number) {
    this.#members = members;
    const counts = (): Uint32Array => new Uint32Array(members);
    this.#told = { high: counts(), medium: counts(), low: counts() };
  }

  /** Books a message about to be sent; answers its index. */
  offer(level: Level, sender: number): number {
    const seenBy = new Uint32Array(Math.ceil(this.#members / 32));
    const offeredMs = systemClock.monotonic();
    this.#entries.push({ level, sender, offeredMs, seenBy, state: 'unanswered', answeredTimes: 0, arrivals: 0, lastMs: 0 });
    return this.#entries.length - 1;
  }

  stored(_: ChatClient, index: number): void {
    this.#answer(index, 'accepted');
    this.#due += this.#members - 1;
    this.#lookout.look();
  }

  refused(_: ChatClient, index: number, error: string): void {
    this.#answer(index, error);
    this.#lookout.look();
  }

  arrived({ index: member }: ChatClient, index: number): void {
    const entry = this.#entry(index);
    const bit = 1 << (member % 32);
    const word = entry.seenBy[member >> 5] ?? 0;
    if ((word & bit) !== 0) this.#doubled[entry.level]++;
    else entry.arrivals++;
    entry.seenBy[member >> 5] = word | bit;
    entry.lastMs = systemClock.monotonic();
    this.#arrived++;
    this.#lookout.look();
  }

  dropped({ index: member }: ChatClient, _: string | undefined, level: Level, count: number): void {
    const told = this.#told[level];
    told[member] = (told[member] ?? 0) + count;
    this.#lookout.look();
  }

  trouble({ index: member, user }: ChatClient, what: string): void {
    if (what === 'headMoved' || what === 'resyncNeeded') this.#behind.add(member);
    this.troubles.push(`${user}: ${what}`);
  }

  /** Waits until every message is answered and every accepted one has reached everybody, but no longer than patience lasts. */
  settled(): Promise<void> {
    return this.until(() => this.#answered === this.#entries.length && this.#arrived >= this.#due);
  }

  /** Waits until it is true, but no longer than patience lasts: what is missing then is in the accounts. */
  async until(isTrue: () => boolean): Promise<void> {
    const patience = { withinMs: patienceMs, tooLate: () => new Error('waited in vain') };
    await this.#lookout.until(() => isTrue() || undefined, patience).catch(() => {});
  }

  account(level: Level): LevelAccount {
    const ofLevel = this.#entries.filter((entry) => entry.level === level);
    const accepted = ofLevel.filter(({ state }) => state === 'accepted');
    const refused: Record<string, number> = {};
    const others = ofLevel.filter(({ state }) => state !== 'accepted' && state !== 'unanswered');
    for (const { state } of others) refused[state] = (refused[state] ?? 0) + 1;
    return {
      offered: ofLevel.length,
      accepted: accepted.length,
      refused,
      unanswered: ofLevel.filter(({ state }) => state === 'unanswered').length,
      ...this.#shortfall(level, accepted),
      told: this.#told[level].reduce((sum, count) => sum + count, 0),
      doubled: this.#doubled[level] + ofLevel.filter(({ answeredTimes }) => answeredTimes > 1).length,
      contradicted: others.filter(({ arrivals }) => arrivals > 0).length,
    };
  }

  /** Client message ids of accepted messages of a level. */
  acceptedIds(level: Level): readonly string[] {
    return this.#entries.flatMap((entry, index) => (entry.level === level && entry.state === 'accepted' ? [messageIdOf(index)] : []));
  }

  /** Milliseconds from being offered to reaching the last member, of accepted messages that reached all; sorted. */
  latencies(level: Level): readonly number[] {
    const whole = this.#entries.filter((entry) => entry.level === level && entry.arrivals === this.#members - 1);
    return whole.map(({ offeredMs, lastMs }) => lastMs - offeredMs).sort((a, b) => a - b);
  }

  /** From the first offer to the last answer, milliseconds. */
  get tookMs(): number {
    return this.#lastAnswerMs - (this.#entries[0]?.offeredMs ?? 0);
  }

  /** Member by member, for what is told is told to members. */
  #shortfall(level: Level, accepted: readonly Entry[]): Pick<LevelAccount, 'missing' | 'lost'> {
    let missing = 0;
    let lost = 0;
    for (let member = 0; member < this.#members; member++) {
      const due = accepted.filter(({ sender, seenBy }) => sender !== member && ((seenBy[member >> 5] ?? 0) & (1 << (member % 32))) === 0);
      missing += due.length;
      lost += Math.max(0, due.length - (this.#told[level][member] ?? 0));
    }
    return { missing, lost };
  }

  #answer(index: number, state: string): void {
    const entry = this.#entry(index);
    if (entry.answeredTimes++ === 0) this.#answered++;
    entry.state = state;
    this.#lastAnswerMs = systemClock.monotonic();
  }

  #entry(index: number): Entry {
    const entry = this.#entries[index];
    if (entry === undefined) throw new Error(`no message ${index} was offered`);
    return entry;
  }
}
