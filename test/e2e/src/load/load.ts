import { type Random, systemClock, withTimeout } from '@parley/kernel';
import type { Anomaly, Recorder } from '@parley/testkit';
import type { Actor } from '../world/actor.js';
import type { World } from '../world/world.js';
import { type Cast, castFor, type LoadOptions } from './cast.js';
import type { RoomLoadResult } from './room-load.js';
import { readServerRecords, rightsIn, type ServerRecords, unanswered, verdictOn } from './verdict.js';
import type { Worker } from './worker.js';

/** What came out of a run. */
export interface LoadResult {
  readonly anomalies: readonly Anomaly[];
  /** Messages and acts. */
  readonly sends: number;
  readonly acts: number;
  readonly acknowledged: number;
  /** For good: acts on what was gone, messages of who was no member any more. */
  readonly refused: number;
  /** Refused by the server for a while. */
  readonly postponed: number;
  readonly deliveries: number;
  readonly passages: number;
  readonly readings: number;
  /** From the last send until everybody had everything. */
  readonly settleMs: number;
  /** Devices that did not get there in time, for people. */
  readonly stragglers: readonly string[];
  readonly room: Omit<RoomLoadResult, 'anomalies' | 'stragglers'>;
}

/**
 * What can be waited for: messages and acts that are sent, acknowledged and handed out, acts among them, changes of the room
 * that are made, and people who come into the group or go.
 */
export type Progress = 'sends' | 'acknowledged' | 'deliveries' | 'acts' | 'changes' | 'passages';

/** G15: after faults have stopped, everything holds again within this time. */
const settleWithinMs = 60_000;
const patienceMs = 90_000;

/**
 * Traffic of several users with two devices each over 1:1 conversations, groups and a room, at all priorities. Messages are
 * edited, recalled, deleted, pinned and reacted to; people read, come into a group and go. In the room there are gifts, seats
 * that change hands, likes that are counted, and guests besides.
 */
export class Load implements Disposable {
  readonly recorder: Recorder;
  readonly random: Random;
  readonly #world: World;
  readonly #cast: Cast;
  readonly #abandoned = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  private constructor(world: World, cast: Cast) {
    this.#world = world;
    this.#cast = cast;
    this.recorder = cast.recorder;
    this.random = cast.random;
  }

  /** Everybody connected, in their groups and in the room; nobody talks yet. */
  static async prepare(world: World, options: LoadOptions = {}): Promise<Load> {
    return new Load(world, await castFor(world, options));
  }

  /** Everybody talks until `settle`. */
  start(): void {
    this.#running = Promise.all(this.#workers.map((worker) => worker.run(this.#abandoned.signal)));
    this.#running.catch(() => {});
  }

  /** So much more from now on. */
  async more(what: Progress, count: number): Promise<void> {
    const goal = this.#count(what) + count;
    await this.#until(`${count} more ${what}`, () => this.#count(what) >= goal);
  }

  /** Devices of whoever is in a conversation. */
  get actors(): readonly Actor[] {
    return this.#cast.followers.map(({ actor }) => actor);
  }

  get guests(): readonly Actor[] {
    return this.#cast.room.guests;
  }

  /** Ids of the conversations in which it all happens. */
  get conversations(): readonly string[] {
    return [...this.#cast.conversations.keys()];
  }

  /** How often devices were told to start over, all together. */
  get resets(): number {
    return this.#cast.followers.reduce((sum, { resets }) => sum + resets, 0);
  }

  /** Meanwhile history may say that less was read than before; nobody is told so who asks for what they know of. */
  async whileHistoryIsRebuilt<T>(rebuild: () => Promise<T>): Promise<T> {
    const resume = this.#cast.reader.stopAsking();
    try {
      return await rebuild();
    } finally {
      resume();
    }
  }

  /** Everybody sent anew from now on, and has all the answers. */
  async roundTrips(): Promise<void> {
    const { talkers, room } = this.#cast;
    // What is under way now may have been answered before.
    const goals = [...talkers, ...room.served].map((worker) => ({ worker, goal: worker.bursts + 2 }));
    await this.#until('answers for everybody', () => goals.every(({ worker, goal }) => worker.bursts >= goal));
  }

  /** Stops talking, waits until everybody has what history has, and compares what everybody saw. */
  async settle(): Promise<LoadResult> {
    const began = systemClock.monotonic();
    for (const worker of this.#workers) worker.stop();
    const ending = withTimeout(systemClock, settleWithinMs, this.#running, () => new Error('somebody has no answer'));
    const failures = await ending.then(
      () => [],
      (error: unknown) => [String(error)],
    );
    const backEnd = this.#world.backEnd();
    const records = await readServerRecords(this.#cast, backEnd);
    const isDone = (): boolean => this.#stragglers(records).length === 0;
    await this.#until('everybody to catch up', isDone, settleWithinMs).catch(() => {});
    const settleMs = Math.round(systemClock.monotonic() - began);
    const { anomalies, stragglers, ...room } = await this.#cast.room.settle(settleWithinMs);
    const { sends, deliveries, acknowledged, passages, readings } = this.recorder;
    return {
      anomalies: [...(await verdictOn(this.#cast, records, backEnd)), ...anomalies],
      sends: sends.length,
      acts: sends.filter(({ act }) => act !== undefined).length,
      acknowledged,
      refused: sends.filter(({ outcome }) => outcome.type === 'refused').length,
      postponed: sends.filter(({ wasPostponed }) => wasPostponed).length,
      deliveries: deliveries.length,
      passages: passages.length,
      readings: readings.length,
      settleMs,
      stragglers: [...failures, ...unanswered(this.#cast), ...this.#stragglers(records), ...stragglers],
      room,
    };
  }

  /** Nobody is to go on, whatever became of the run: clients that are closed later refuse everything at once. */
  [Symbol.dispose](): void {
    this.#abandoned.abort();
    for (const worker of this.#workers) worker.stop();
  }

  get #workers(): readonly Worker[] {
    const { talkers, passersBy, reader, room } = this.#cast;
    return [...talkers, ...passersBy, reader, ...room.workers];
  }

  #count(what: Progress): number {
    const { recorder } = this;
    switch (what) {
      case 'changes':
        return this.#cast.room.recorder.acknowledged;
      case 'acknowledged':
        return recorder.acknowledged;
      case 'acts':
        return recorder.acts;
      default:
        return recorder[what].length;
    }
  }

  async #until(what: string, isTrue: () => boolean, withinMs = patienceMs): Promise<void> {
    const tooLate = (): Error => new Error(`waited in vain for ${what}\n${this.#state()}`);
    await this.#cast.lookout.until(() => isTrue() || undefined, { withinMs, tooLate });
  }

  #stragglers(records: ServerRecords): readonly string[] {
    return [...rightsIn(this.#cast)].flatMap(({ follower, conversation }) => {
      const head = records.get(conversation)?.events.at(-1)?.seq ?? 0;
      const seq = follower.seqIn(conversation);
      if (seq >= head) return [];
      const { device, user, client, errors } = follower.actor;
      return [
        `${user} ${device} is at ${seq} of ${head} in ${conversation}: ${JSON.stringify(client.status)} ${errors.slice(-3).join('; ')}`,
      ];
    });
  }

  #state(): string {
    const { sends, acknowledged, deliveries } = this.recorder;
    const clients = this.actors.map(({ device, client, errors }) => {
      return `${device}: ${JSON.stringify(client.status)}, ${client.pending.length} pending, ${errors.slice(-3).join('; ')}`;
    });
    const { state } = this.#cast.room;
    return [`${sends.length} sends, ${acknowledged} acknowledged, ${deliveries.length} deliveries`, ...clients, state].join('\n');
  }
}
