import { type Random, seededRandom, systemClock, withTimeout } from '@parley/kernel';
import { type Anomaly, checkHistory, type Entitlement, type ObservedSend, Recorder, type StoredEvent } from '@parley/testkit';
import type { Actor } from '../world/actor.js';
import { between, type World } from '../world/world.js';
import { Follower } from './follower.js';
import { RoomLoad, type RoomLoadResult } from './room-load.js';
import { Talker } from './talker.js';
import type { Worker } from './worker.js';

/** Who talks; everything has a default. */
export interface LoadOptions {
  /** Each has two devices, on different gateways where there are two. */
  readonly users?: number;
  readonly groups?: number;
  readonly seed?: number;
}

/** What came out of a run. */
export interface LoadResult {
  readonly anomalies: readonly Anomaly[];
  readonly sends: number;
  readonly acknowledged: number;
  /** Of them, refused by the server for a while. */
  readonly postponed: number;
  readonly deliveries: number;
  /** From the last send until everybody had everything. */
  readonly settleMs: number;
  /** Devices that did not get there in time, for people. */
  readonly stragglers: readonly string[];
  readonly room: Omit<RoomLoadResult, 'anomalies' | 'stragglers'>;
}

/** What can be waited for: messages that are sent, acknowledged and handed out, changes of the room that are made. */
export type Progress = 'sends' | 'acknowledged' | 'deliveries' | 'changes';

/** G15: after faults have stopped, everything holds again within this time. */
const settleWithinMs = 60_000;
const patienceMs = 90_000;

/** Nothing may be given up or left out in a run whose end is compared with history. */
const patientLimits = { reconnectLongestMs: 100, sendRetriesMax: 1_000_000, catchUpMax: 1_000_000 } as const;

/**
 * Traffic of several users with two devices each over 1:1 conversations, groups and a room, at all priorities; in the
 * room there are gifts, seats that change hands, likes that are counted, and guests besides.
 */
export class Load implements Disposable {
  readonly recorder = new Recorder();
  readonly random: Random;
  readonly #world: World;
  readonly #followers: readonly Follower[];
  readonly #conversations: ReadonlyMap<string, readonly string[]>;
  readonly #talkers: readonly Talker[];
  readonly #room: RoomLoad;
  readonly #listeners: Set<() => void>;
  readonly #abandoned = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  private constructor(world: World, cast: Cast, random: Random) {
    this.#world = world;
    this.random = random;
    this.#room = cast.room;
    this.#listeners = cast.listeners;
    this.#conversations = cast.conversations;
    this.#followers = cast.devices.map((actor) => new Follower(actor, this.recorder));
    const onProgress = (): void => {
      for (const listener of this.#listeners) listener();
    };
    for (const { client } of cast.devices) client.on('event', onProgress);
    this.#talkers = cast.devices.map((actor) => {
      const conversations = [...cast.conversations].flatMap(([id, users]) => (users.includes(actor.user) ? [id] : []));
      return new Talker({ actor, conversations, recorder: this.recorder, random, onProgress });
    });
  }

  /** Everybody connected, in their groups and in the room; nobody talks yet. */
  static async prepare(world: World, options: LoadOptions = {}): Promise<Load> {
    const random = seededRandom(options.seed ?? 1);
    return new Load(world, await castFor(world, options, random), random);
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

  get actors(): readonly Actor[] {
    return this.#followers.map(({ actor }) => actor);
  }

  get guests(): readonly Actor[] {
    return this.#room.guests;
  }

  /** Everybody sent anew from now on, and has all the answers. */
  async roundTrips(): Promise<void> {
    // What is under way now may have been answered before.
    const goals = [...this.#talkers, ...this.#room.served].map((worker) => ({ worker, goal: worker.bursts + 2 }));
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
    const history = await this.#readHistory();
    const isDone = (): boolean => this.#stragglers(history).length === 0;
    await this.#until('everybody to catch up', isDone, settleWithinMs).catch(() => {});
    const { anomalies, stragglers, ...room } = await this.#room.settle(settleWithinMs);
    const { sends, deliveries, acknowledged } = this.recorder;
    return {
      anomalies: [...checkHistory({ sends, deliveries, history, entitlements: this.#entitlements(history) }), ...anomalies],
      sends: sends.length,
      acknowledged,
      postponed: sends.filter(({ wasPostponed }) => wasPostponed).length,
      deliveries: deliveries.length,
      settleMs: Math.round(systemClock.monotonic() - began),
      stragglers: [...failures, ...unacknowledged(sends), ...this.#stragglers(history), ...stragglers],
      room,
    };
  }

  /** Nobody is to go on, whatever became of the run: clients that are closed later refuse everything at once. */
  [Symbol.dispose](): void {
    this.#abandoned.abort();
    for (const worker of this.#workers) worker.stop();
  }

  get #workers(): readonly Worker[] {
    return [...this.#talkers, ...this.#room.workers];
  }

  #count(what: Progress): number {
    if (what === 'changes') return this.#room.recorder.acknowledged;
    const count = this.recorder[what];
    return typeof count === 'number' ? count : count.length;
  }

  #until(what: string, isTrue: () => boolean, withinMs = patienceMs): Promise<void> {
    let look = (): void => {};
    const reached = new Promise<void>((resolve) => {
      look = () => {
        if (isTrue()) resolve();
      };
    });
    this.#listeners.add(look);
    look();
    const tooLate = (): Error => new Error(`waited in vain for ${what}\n${this.#state()}`);
    return withTimeout(systemClock, withinMs, reached, tooLate).finally(() => this.#listeners.delete(look));
  }

  async #readHistory(): Promise<ReadonlyMap<string, readonly StoredEvent[]>> {
    const acknowledged = new Map<string, number>();
    for (const { conversation, outcome } of this.recorder.sends) {
      if (outcome.type === 'ok') acknowledged.set(conversation, Math.max(outcome.seq, acknowledged.get(conversation) ?? 0));
    }
    const history = new Map<string, readonly StoredEvent[]>();
    const backEnd = this.#world.backEnd();
    for (const id of this.#conversations.keys()) {
      // A history that never gets that far has lost something: then what it has is to be compared.
      const whole = backEnd.history(id, acknowledged.get(id) ?? 0);
      history.set(id, await whole.catch(() => backEnd.history(id)));
    }
    return history;
  }

  #entitlements(history: ReadonlyMap<string, readonly StoredEvent[]>): readonly Entitlement[] {
    return [...this.#rights()].map(({ follower, conversation }) => {
      const to = history.get(conversation)?.at(-1)?.seq ?? 0;
      return { device: follower.actor.device, conversation, from: 1, to };
    });
  }

  *#rights(): Generator<{ readonly follower: Follower; readonly conversation: string }> {
    for (const [conversation, users] of this.#conversations) {
      for (const follower of this.#followers) if (users.includes(follower.actor.user)) yield { follower, conversation };
    }
  }

  #stragglers(history: ReadonlyMap<string, readonly StoredEvent[]>): readonly string[] {
    return [...this.#rights()].flatMap(({ follower, conversation }) => {
      const head = history.get(conversation)?.at(-1)?.seq ?? 0;
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
    const clients = this.#followers.map(({ actor: { device, client, errors } }) => {
      return `${device}: ${JSON.stringify(client.status)}, ${client.pending.length} pending, ${errors.slice(-3).join('; ')}`;
    });
    return [`${sends.length} sends, ${acknowledged} acknowledged, ${deliveries.length} deliveries`, ...clients, this.#room.state].join(
      '\n',
    );
  }
}

/** Nobody has given up, so that everything has to be acknowledged in the end. */
const unacknowledged = (sends: readonly ObservedSend[]): readonly string[] =>
  sends.flatMap(({ conversation, clientMsgId, priority, outcome }) => {
    if (outcome.type === 'ok') return [];
    return [`${clientMsgId} (${priority}) in ${conversation}: ${outcome.type === 'refused' ? outcome.code : 'no answer'}`];
  });

interface Cast {
  readonly devices: readonly Actor[];
  /** Users by conversation. */
  readonly conversations: ReadonlyMap<string, readonly string[]>;
  readonly room: RoomLoad;
  /** Hear of everything that goes on. */
  readonly listeners: Set<() => void>;
}

async function castFor(world: World, { users: userCount = 4, groups: groupCount = 2 }: LoadOptions, random: Random): Promise<Cast> {
  const users = Array.from({ length: userCount }, (_, index) => world.id(`user${index}`));
  const devices: Actor[] = [];
  for (const user of users) devices.push(...(await world.joinTwice(user, { limits: patientLimits })));
  const conversations = new Map<string, readonly string[]>();
  for (const [index, user] of users.entries()) {
    const peer = users[(index + 1) % users.length] ?? user;
    conversations.set(between(user, peer), [user, peer]);
  }
  for (let index = 0; index < groupCount; index++) {
    const group = world.id('group');
    const members = users.filter((_, position) => groupCount === 1 || position !== index);
    await world.backEnd().call('group/createGroup', { group, owner: members[0], members });
    conversations.set(`g:${group}`, members);
  }
  const listeners = new Set<() => void>();
  const onProgress = (): void => {
    for (const listener of listeners) listener();
  };
  const room = await RoomLoad.open(world, { actors: devices, random, onProgress });
  conversations.set(room.conversation, users);
  return { devices, conversations, room, listeners };
}
