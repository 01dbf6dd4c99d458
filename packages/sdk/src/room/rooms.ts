import { type Clock, randomId, type Random } from '@parley/kernel';
import type { EnterRoomInit, RoomInfo, RoomMember } from '@parley/wire';
import { backOff } from '../catch-up.js';
import { ParleyClientError } from '../client-error.js';
import type { ConversationHandle } from '../conversation-handle.js';
import type { Emitter } from '../emitter.js';
import type { ClientEvents, Membership } from '../events.js';
import type { SdkLimits } from '../limits.js';
import type { Requester } from '../requester.js';
import { LiveRoom, type RoomNotice } from './live-room.js';
import type { Room } from './room.js';
import {
  attributesToWire,
  optionsToWire,
  type RoomBehaviour,
  type RoomRoleName,
  type RoomSnapshot,
  roleName,
  snapshotOf,
} from './room-details.js';
import { type RoomEvents, type RoomStateCause, tellThrough } from './room-events.js';

/** What a room is made of. */
export interface NewRoom {
  /** A random one by default. */
  readonly id?: string;
  readonly name?: string;
  readonly options?: Partial<RoomBehaviour>;
  /** What it starts with; they belong to this user. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** The server's default where it is not given. */
  readonly memberLimit?: number;
}

/** Used when entering makes the room. */
export type EnterOptions = Pick<NewRoom, 'name' | 'options'>;

/** Conditions that all hold together. */
export interface RoomQuery {
  readonly namePrefix?: string;
  /** Rooms that have it; with a value, rooms where it has that value. */
  readonly attribute?: { readonly key: string; readonly value?: string };
  readonly page?: string;
  readonly limit?: number;
}

/** A room in a list, as it was when the list was made. */
export interface ListedRoom extends Omit<RoomSnapshot, 'version' | 'tallyVersion' | 'mutes' | 'firstSeq'> {
  readonly id: string;
}

export interface RoomPage {
  readonly rooms: readonly ListedRoom[];
  /** For the next query; empty at the end. A page may be short or empty while there is a next one. */
  readonly nextPage: string;
}

export interface RoomMembersQuery {
  readonly page?: string;
  readonly limit?: number;
  /** Only these, as far as they are in; at most 100. */
  readonly users?: readonly string[];
}

export interface ListedMember {
  readonly user: string;
  readonly role: RoomRoleName;
  readonly attributes: ReadonlyMap<string, string>;
  readonly attributesVersion: number;
}

export interface RoomMembersPage {
  readonly members: readonly ListedMember[];
  readonly memberCount: number;
  readonly nextPage: string;
}

export interface RoomsOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: SdkLimits;
  readonly events: Emitter<ClientEvents>;
  readonly call: Requester['call'];
  self(): string;
  conversation(id: string): ConversationHandle;
  /** Sends to the room wait from `blocked` to `unblocked`. */
  blocked(conversation: string): void;
  unblocked(conversation: string): void;
  entered(conversation: string, headSeq: number): void;
  left(conversation: string): void;
}

/**
 * The rooms of a client: enters, leaves and lists them, and keeps those that were entered true. What is asked about one room
 * is done in the order in which it was asked. Everything rejects with a ParleyClientError.
 */
export class Rooms {
  readonly #options: RoomsOptions;
  readonly #held = new Map<string, LiveRoom>();
  /** What is under way for a room; the next waits for it. */
  readonly #turns = new Map<string, Promise<unknown>>();
  /** Rooms that are being entered again, and since which generation. */
  readonly #reentering = new Map<LiveRoom, number>();
  #isOnline = false;
  /** Changes with every connection: what was being repeated on the one before is void. */
  #generation = 0;

  constructor(options: RoomsOptions) {
    this.#options = options;
  }

  /** Rooms that the user is in, or on the way into. */
  get all(): readonly Room[] {
    return [...this.#held.values()];
  }

  /** A room that the user is in, or on the way into. */
  get(id: string): Room | undefined {
    return this.#held.get(id);
  }

  /** Makes a room; the user is its owner and has entered it. ROOM_EXISTS when there is one of the id. */
  create(room: NewRoom = {}): Promise<Room> {
    const id = room.id ?? randomId(this.#options.random, roomIdChars);
    const { name, memberLimit } = room;
    const value = { room: id, name, memberLimit, options: optionsToWire(room.options), attributes: attributesToWire(room.attributes) };
    return this.#inTurn([id], () => this.#enter(id, () => this.#options.call({ body: { type: 'createRoom', value }, expect: 'room' })));
  }

  /** Enters a room that exists, else ROOM_NOT_FOUND. */
  join(id: string): Promise<Room> {
    return this.#inTurn([id], () => this.#enter(id, () => this.#askToEnter({ room: id, mustExist: true })));
  }

  /** Enters a room and makes it when it does not exist. It is entered again by itself after the connection was lost. */
  enter(id: string, options: EnterOptions = {}): Promise<Room> {
    return this.#inTurn([id], () => this.#enter(id, () => this.#askToEnter(entryOf(id, options))));
  }

  /** Leaves one room and enters another. When that fails the user is in neither; in no case in both. */
  switch(from: string, to: string, options: EnterOptions & { readonly mustExist?: boolean } = {}): Promise<Room> {
    return this.#inTurn([from, to], async () => {
      await this.#letGo(from, 'switched');
      const value = { from, to: { ...entryOf(to, options), mustExist: options.mustExist } };
      try {
        return await this.#enter(to, () => this.#options.call({ body: { type: 'switchRoom', value }, expect: 'room', isRepeatable: true }));
      } catch (error) {
        // It may have been refused before anything was done, or done without an answer.
        for (const room of [from, to]) this.#askToLeave(room).catch(() => {});
        throw error;
      }
    });
  }

  leave(id: string): Promise<void> {
    return this.#inTurn([id], async () => {
      await this.#letGo(id, 'left');
      await this.#askToLeave(id);
    });
  }

  /** Resolves with the rooms that the user was in, also by other devices. */
  leaveAll(): Promise<readonly string[]> {
    const ids = [...new Set([...this.#held.keys(), ...this.#turns.keys()])];
    return this.#inTurn(ids, async () => {
      await Promise.all(ids.map((id) => this.#letGo(id, 'left')));
      const answer = await this.#options.call({ body: { type: 'leaveAllRooms', value: {} }, expect: 'roomNames', isRepeatable: true });
      return answer.rooms;
    });
  }

  /** Destroys a room for all; its owner may. */
  destroy(id: string): Promise<void> {
    return this.#inTurn([id], async () => {
      await this.#options.call({ body: { type: 'destroyRoom', value: { room: id } }, expect: 'done' });
      const room = this.#held.get(id);
      if (room !== undefined) this.#end(room, 'destroyed');
    });
  }

  /** Rooms that exist, without unlisted ones. */
  async list({ namePrefix, attribute, page, limit }: RoomQuery = {}): Promise<RoomPage> {
    const value = { namePrefix, attributeKey: attribute?.key, attributeValue: attribute?.value, page, limit };
    const answer = await this.#options.call({ body: { type: 'listRooms', value }, expect: 'rooms', isRepeatable: true });
    return { rooms: answer.rooms.map((info) => ({ id: info.room, ...snapshotOf(info) })), nextPage: answer.nextPage };
  }

  /** Who is in a room that the user is in. */
  async members(room: string, query: RoomMembersQuery = {}): Promise<RoomMembersPage> {
    const body = { type: 'listRoomMembers', value: { room, ...query } } as const;
    const { users, members, memberCount, nextPage } = await this.#options.call({ body, expect: 'members', isRepeatable: true });
    this.#held.get(room)?.noteMembers(members);
    // A server that knows no details tells names.
    const known =
      members.length === users.length ? members : users.map((user) => ({ user, role: 0, attributesVersion: 0, attributes: [] }) as const);
    return { members: known.map(memberOf), memberCount, nextPage };
  }

  /** How many are in a room that the user is in. */
  async count(room: string): Promise<number> {
    return (await this.members(room, { limit: 1 })).memberCount;
  }

  /** The client's side: a login has succeeded. What has to be entered again is asked for before anything else is sent. */
  online(isComplete: boolean): void {
    this.#isOnline = true;
    this.#generation++;
    for (const room of this.#held.values()) {
      if (room.isEntering) continue;
      if (isComplete && !room.needsEntry) room.resume();
      else void this.#reenter(room);
    }
  }

  /** The client's side: the connection is gone. */
  offline(): void {
    this.#isOnline = false;
    this.#generation++;
    for (const room of this.#held.values()) room.interrupt('connection-lost');
  }

  /** The client's side: closed for good. */
  close(): void {
    this.offline();
    for (const room of [...this.#held.values()]) this.#end(room, 'closed');
  }

  /** The client's side: positions in all conversations are void. */
  reset(): void {
    for (const room of this.#held.values()) if (!room.isEntering) void this.#reenter(room);
  }

  /** The client's side: events of a conversation, of all without one, may have been missed. */
  doubt(conversation?: string): void {
    for (const room of this.#held.values()) if (conversation === undefined || room.conversation.id === conversation) room.doubt();
  }

  /** The client's side: what the server says of a conversation. */
  receive(conversation: string, notice: RoomNotice): void {
    this.#roomOf(conversation)?.receive(notice);
  }

  /** The client's side. */
  observe(change: Membership): void {
    this.receive(change.conversation, { type: 'membership', value: change });
  }

  /** The client's side. */
  dropped(value: RoomEvents['messagesDropped']): void {
    this.#roomOf(value.conversation)?.dropped(value);
    this.#options.events.emit('messagesDropped', value);
  }

  #roomOf(conversation: string): LiveRoom | undefined {
    return conversation.startsWith('r:') ? this.#held.get(conversation.slice(2)) : undefined;
  }

  /** At once where nothing is under way for the rooms, else after that. */
  #inTurn<Result>(ids: readonly string[], act: () => Promise<Result>): Promise<Result> {
    const before = ids.map((id) => this.#turns.get(id)).filter((turn) => turn !== undefined);
    const result = before.length === 0 ? act() : Promise.all(before).then(act);
    const forget = (): void => {
      for (const id of ids) if (this.#turns.get(id) === turn) this.#turns.delete(id);
    };
    const turn: Promise<unknown> = result.then(forget, forget);
    for (const id of ids) this.#turns.set(id, turn);
    return result;
  }

  async #enter(id: string, ask: () => Promise<RoomInfo>): Promise<Room> {
    const known = this.#held.get(id);
    const room = known ?? this.#hold(id);
    room.asking();
    try {
      this.#entered(room, await ask());
    } catch (thrown) {
      const error = ParleyClientError.from(thrown);
      room.notEntered();
      // Who was in before is so still, or is being entered again.
      if (known === undefined) this.#end(room, 'refused', error);
      else if (room.state !== 'connected' && this.#isOnline) void this.#reenter(room);
      throw error;
    }
    return room;
  }

  #entered(room: LiveRoom, info: RoomInfo): void {
    if (this.#held.get(room.id) === room) this.#options.entered(room.conversation.id, info.headSeq);
    room.entered(info);
  }

  #hold(id: string): LiveRoom {
    const { clock, random, limits, self, call, events, conversation } = this.#options;
    const room: LiveRoom = new LiveRoom({
      ...{ id, clock, random, limits, self, call },
      conversation: conversation(`r:${id}`),
      tell: tellThrough(events),
      error: (error) => events.emit('error', error),
      ended: (cause) => this.#ended(room, cause),
      lost: (error) => this.#lose(room, 'lost', error),
      leave: () => this.leave(id),
      destroy: () => this.destroy(id),
    });
    this.#held.set(id, room);
    return room;
  }

  /** The server has given the place of who was offline away: taking it again is what reconnecting is for. */
  #ended(room: LiveRoom, cause: RoomStateCause): void {
    if (cause !== 'offline') {
      this.#end(room, cause);
      return;
    }
    room.interrupt('offline');
    if (!room.isEntering) void this.#reenter(room);
  }

  async #letGo(id: string, cause: 'left' | 'switched'): Promise<void> {
    const room = this.#held.get(id);
    if (room === undefined) return;
    await room.flush();
    this.#end(room, cause);
  }

  #end(room: LiveRoom, cause: RoomStateCause, error?: ParleyClientError): void {
    if (this.#held.get(room.id) !== room) return;
    this.#held.delete(room.id);
    const { id } = room.conversation;
    this.#options.left(id);
    this.#options.unblocked(id);
    room.end(cause, error);
  }

  /** Repeats while the server refuses for now; until the user is in again, what they say waits. */
  async #reenter(room: LiveRoom): Promise<void> {
    const generation = this.#generation;
    if (this.#reentering.get(room) === generation) return;
    this.#reentering.set(room, generation);
    const { id } = room.conversation;
    this.#options.blocked(id);
    room.needsEntry = true;
    for (let failures = 0; room.needsEntry && generation === this.#generation && this.#held.get(room.id) === room; failures++) {
      const refusal = await this.#reenterOnce(room, generation);
      if (refusal !== undefined) await backOff(this.#options, failures, refusal.retryAfterMs);
    }
    if (!room.needsEntry) this.#options.unblocked(id);
    if (this.#reentering.get(room) === generation) this.#reentering.delete(room);
  }

  /** Answers with the reason when it has to be tried again. */
  async #reenterOnce(room: LiveRoom, generation: number): Promise<ParleyClientError | undefined> {
    room.asking();
    try {
      const body = { type: 'enterRoom', value: { room: room.id, mustExist: true } } as const;
      this.#entered(room, await this.#options.call({ body, expect: 'room', isImmediate: true }));
      return undefined;
    } catch (thrown) {
      room.notEntered();
      const error = ParleyClientError.from(thrown);
      if (generation !== this.#generation) return undefined;
      if (error.retryable) return error;
      this.#lose(room, 'refused', error);
      return undefined;
    }
  }

  #lose(room: LiveRoom, cause: 'refused' | 'lost', error: ParleyClientError): void {
    if (this.#held.get(room.id) !== room) return;
    this.#end(room, cause, error);
    this.#options.events.emit('roomLost', { room: room.id, error });
  }

  #askToEnter(value: EnterRoomInit): Promise<RoomInfo> {
    return this.#options.call({ body: { type: 'enterRoom', value }, expect: 'room', isRepeatable: true });
  }

  /** A room that is gone has been left. */
  async #askToLeave(room: string): Promise<void> {
    const answer = this.#options.call({ body: { type: 'leaveRoom', value: { room } }, expect: 'done', isRepeatable: true });
    await answer.catch((error: ParleyClientError) => {
      if (error.name !== 'ROOM_NOT_FOUND') throw error;
    });
  }
}

const roomIdChars = 20;

const entryOf = (room: string, { name, options }: EnterOptions): EnterRoomInit => ({ room, name, options: optionsToWire(options) });

function memberOf({ user, role, attributes, attributesVersion }: RoomMember): ListedMember {
  return { user, role: roleName(role), attributes: new Map(attributes.map(({ key, value }) => [key, value])), attributesVersion };
}
