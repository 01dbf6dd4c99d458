import { type Random, sleep, systemClock } from '@parley/kernel';
import { type Anomaly, checkRooms, type ObservedCount, type RoomAtRest, RoomRecorder, type SeenAttribute } from '@parley/testkit';
import type { Actor } from '../world/actor.js';
import type { BackEnd } from '../world/back-end.js';
import type { World } from '../world/world.js';
import { Guest } from './guest.js';
import { SeatTaker } from './seat-taker.js';
import { Stays } from './stays.js';
import { Till } from './till.js';
import type { Worker } from './worker.js';

/** What came out of a run in a room. */
export interface RoomLoadResult {
  readonly anomalies: readonly Anomaly[];
  /** Devices that do not show what the server has, and members who should not be there, for people. */
  readonly stragglers: readonly string[];
  readonly changes: number;
  readonly madeChanges: number;
  /** Nobody knows whether they were made. */
  readonly unansweredChanges: number;
  readonly views: number;
  readonly stays: number;
  readonly likes: number;
  /** Devices whose likes are counted exactly, for they were never away for long. */
  readonly exactDevices: number;
}

export interface RoomLoadOptions {
  readonly actors: readonly Actor[];
  readonly guests: readonly Actor[];
  readonly room: string;
  readonly random: Random;
  /** Called after every answer. */
  onProgress(): void;
}

const guestNames = ['guest', 'visitor'] as const;
const lookEveryMs = 100;

/** Seats that change hands, likes and coins that are counted, guests who come and go, all in one room. */
export class RoomLoad {
  readonly room: string;
  readonly recorder = new RoomRecorder();
  readonly #backEnd: BackEnd;
  readonly #takers: readonly SeatTaker[];
  readonly #guests: readonly Guest[];
  readonly #till: Till;
  readonly #stays: ReadonlyMap<Actor, Stays>;

  private constructor(backEnd: BackEnd, { actors, guests, room, random, onProgress }: RoomLoadOptions) {
    const { recorder } = this;
    this.room = room;
    this.#backEnd = backEnd;
    this.#takers = actors.map((actor, index) => new SeatTaker({ actor, room, recorder, random, note: `note-${index + 1}`, onProgress }));
    this.#guests = guests.map((actor) => new Guest({ actor, room, recorder, random }));
    this.#till = new Till({ backEnd, room, counter: 'coins' });
    this.#stays = new Map(actors.map((actor) => [actor, new Stays(actor, room)]));
  }

  /** All of these devices in a room that outlasts everybody; guests, who are not in yet, come with it. */
  static async open(world: World, options: Omit<RoomLoadOptions, 'room' | 'guests'>): Promise<RoomLoad> {
    const room = world.id('room');
    const backEnd = world.backEnd();
    await backEnd.call('room/createRoom', { room, name: 'The stage' });
    for (const { client } of options.actors) await client.rooms.join(room);
    const guests: Actor[] = [];
    for (const name of guestNames) guests.push(await world.join(world.id(name), { limits: { reconnectLongestMs: 100 } }));
    return new RoomLoad(backEnd, { ...options, room, guests });
  }

  get conversation(): string {
    return `r:${this.room}`;
  }

  get guests(): readonly Actor[] {
    return this.#guests.map(({ actor }) => actor);
  }

  /** Whoever has to be served again after a fault. */
  get served(): readonly Worker[] {
    return this.#takers;
  }

  get workers(): readonly Worker[] {
    return [...this.#takers, ...this.#guests, this.#till];
  }

  /** Waits until everybody shows what the server has, and compares what everybody saw; nobody works any more. */
  async settle(withinMs: number): Promise<RoomLoadResult> {
    const deadline = systemClock.monotonic() + withinMs;
    let end = await this.#readRoom();
    let stragglers = this.#stragglers(end);
    while (stragglers.length > 0 && systemClock.monotonic() < deadline) {
      await sleep(systemClock, lookEveryMs);
      end = await this.#readRoom();
      stragglers = this.#stragglers(end);
    }
    const { changes, views, acknowledged } = this.recorder;
    return {
      anomalies: checkRooms({ changes, views, counts: this.#counts(), rooms: [end] }),
      stragglers,
      changes: changes.length,
      madeChanges: acknowledged,
      unansweredChanges: changes.filter(({ outcome }) => outcome.type === 'unknown').length,
      views: views.length,
      stays: this.#guests.reduce((sum, { bursts }) => sum + bursts, 0),
      likes: this.#takers.reduce((sum, { likes }) => sum + likes, 0),
      exactDevices: [...this.#stays.values()].filter(({ isUnbroken }) => isUnbroken).length,
    };
  }

  /** For messages about waits in vain. */
  get state(): string {
    const { changes, acknowledged } = this.recorder;
    const rooms = this.#takers.map(({ actor: { device, client }, bursts }) => {
      const room = client.rooms.get(this.room);
      return `${device}: ${room?.state ?? 'out of the room'} at version ${room?.stateVersion}, ${bursts} answers`;
    });
    return [`${changes.length} changes, ${acknowledged} made, ${this.#till.bursts} coins`, ...rooms].join('\n');
  }

  async #readRoom(): Promise<RoomAtRest> {
    const { room } = this;
    const answer = (await this.#backEnd.call('room/getRoom', { room }))['room'] as RoomJson;
    const { users } = (await this.#backEnd.call('room/listMembers', { room })) as { readonly users: readonly string[] };
    return {
      room,
      version: Number(answer.stateVersion),
      attributes: new Map(answer.attributes.map(({ key, ...attribute }) => [key, attribute])),
      members: users,
      counters: new Map(answer.counters.map(({ name, value }) => [name, Number(value)])),
    };
  }

  #counts(): readonly ObservedCount[] {
    const { room } = this;
    const likes = this.#takers.map(({ actor, likes: added }) => {
      return { room, counter: 'likes', added, certain: this.#stays.get(actor)?.isUnbroken === true ? added : 0 };
    });
    return [...likes, { room, counter: 'coins', added: this.#till.total, certain: this.#till.total }];
  }

  /** Nothing of this may be left in the end. */
  #stragglers({ version, attributes, counters, members }: RoomAtRest): readonly string[] {
    const found = [...this.#till.faults, ...[...this.#stays.values()].flatMap(({ ended }) => ended ?? [])];
    const expected = [...new Set(this.#takers.map(({ actor }) => actor.user))].sort();
    if (JSON.stringify([...members].sort()) !== JSON.stringify(expected))
      found.push(`members ${members.join()} and not ${expected.join()}`);
    if (counters.get('coins') !== this.#till.total) found.push(`${counters.get('coins')} coins and not ${this.#till.total}`);
    const likes = this.#counts().filter(({ counter }) => counter === 'likes');
    const certain = likes.reduce((sum, count) => sum + count.certain, 0);
    if ((counters.get('likes') ?? 0) < certain) found.push(`${counters.get('likes')} likes and not ${certain}`);
    for (const { actor } of this.#takers) {
      const room = actor.client.rooms.get(this.room);
      const isSame =
        room?.state === 'connected' &&
        room.stateVersion === version &&
        room.memberCount === members.length &&
        isEqual(room.attributes, attributes, (a, b) => a.value === b.value && a.owner === b.owner) &&
        isEqual(room.counters, counters, (a, b) => a === b);
      if (!isSame)
        found.push(
          `${actor.user} ${actor.device}: ${inWords(room)}, the server ${inWords({ state: 'has', stateVersion: version, memberCount: members.length, counters })}`,
        );
    }
    return found;
  }
}

interface RoomJson {
  readonly stateVersion: string;
  readonly attributes: readonly (SeenAttribute & { readonly key: string })[];
  readonly counters: readonly { readonly name: string; readonly value: string }[];
}

interface Shown {
  readonly state: string;
  readonly stateVersion: number;
  readonly memberCount: number;
  readonly counters: ReadonlyMap<string, number>;
}

const inWords = (shown: Shown | undefined): string =>
  shown === undefined
    ? 'no room'
    : `${shown.state} version ${shown.stateVersion}, ${shown.memberCount} members, ${JSON.stringify([...shown.counters])}`;

function isEqual<T>(a: ReadonlyMap<string, T>, b: ReadonlyMap<string, T>, same: (one: T, other: T) => boolean): boolean {
  if (a.size !== b.size) return false;
  return [...a].every(([key, one]) => {
    const other = b.get(key);
    return other !== undefined && same(one, other);
  });
}
