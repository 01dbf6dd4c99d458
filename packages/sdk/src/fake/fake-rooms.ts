import type { ErrorName } from '@parley/kernel';
import {
  type ChangeRoomAttributes,
  type ClientFrame,
  type ConversationEventInit,
  type CreateRoom,
  type IncrementCounter,
  MembershipCause,
  type MuteInRoom,
  type RoomAttribute,
  type RoomAttributeInit,
  type RoomChangeInit,
  type RoomInfoInit,
  type RoomMute,
  type RoomOptionsInit,
  RoomRole,
  type ServerFrameInit,
} from '@parley/wire';
import type { ManualClock } from './manual-clock.js';

type Body = NonNullable<ServerFrameInit['body']>;
type Request = NonNullable<ClientFrame['body']>;

/** A room as the fake server keeps it. */
export interface FakeRoom {
  readonly id: string;
  readonly createdMs: number;
  readonly members: Set<string>;
  readonly moderators: Set<string>;
  readonly bans: Map<string, number>;
  readonly counters: Map<string, number>;
  readonly memberAttributes: Map<string, { version: number; readonly values: Map<string, string> }>;
  readonly options: RoomOptionsInit;
  /** The attributes as they were at each version. */
  readonly past: Map<number, ReadonlyMap<string, RoomAttribute>>;
  name: string;
  owner: string;
  attributes: ReadonlyMap<string, RoomAttribute>;
  mutes: readonly RoomMute[];
  version: number;
  stateVersion: number;
  tallyVersion: number;
  isTallyDue: boolean;
}

export interface FakeRoomsOptions {
  readonly clock: ManualClock;
  refuse(name: ErrorName): Body;
  /** The members of a conversation, to be changed in place. */
  members(conversation: string): Set<string>;
  headSeq(conversation: string): number;
  /** Tells users something that is not stored. */
  publish(conversation: string, event: ConversationEventInit, users: Iterable<string>): void;
}

/** The rooms of the fake server: what docs/protocol says of them, without limits and with simple rules for roles. */
export class FakeRooms {
  readonly all = new Map<string, FakeRoom>();
  readonly #options: FakeRoomsOptions;
  /** Largest totals by room, counter, user and nonce. */
  readonly #totals = new Map<string, number>();
  #version = 0;

  constructor(options: FakeRoomsOptions) {
    this.#options = options;
  }

  /** Throws when there is none. */
  get(id: string): FakeRoom {
    const room = this.all.get(id);
    if (room === undefined) throw new Error(`no room ${id}`);
    return room;
  }

  /** One batch by a user, or by the server. */
  changeAttributes(id: string, set: Readonly<Record<string, string>>, deleted: readonly string[] = [], operator = ''): void {
    const attributes = Object.entries(set).map(([key, value]) => ({ key, value, owner: operator, isDeletedOnLeave: false }));
    this.#change(this.get(id), { operator, change: { type: 'attributes', value: { set: attributes, deleted: [...deleted] } } });
  }

  /** Takes users out, as moderators, the back end and lost connections do. */
  remove(id: string, users: readonly string[], cause: MembershipCause = MembershipCause.UNSPECIFIED): void {
    const room = this.get(id);
    const left = users.filter((user) => room.members.has(user));
    if (left.length === 0) return;
    const told = [...room.members];
    for (const user of left) room.members.delete(user);
    this.#tellMembers(room, { left, cause }, told);
    const gone = [...room.attributes.values()].filter(({ owner, isDeletedOnLeave }) => isDeletedOnLeave && left.includes(owner));
    if (gone.length > 0)
      this.changeAttributes(
        id,
        {},
        gone.map(({ key }) => key),
      );
  }

  destroy(id: string, cause: MembershipCause = MembershipCause.DESTROYED): void {
    const room = this.get(id);
    this.all.delete(id);
    const told = [...room.members];
    room.members.clear();
    this.#tellMembers(room, { closed: true, cause }, told);
  }

  /** Undefined for what is no request about rooms. */
  answer(user: string, body: Request): Body | undefined {
    switch (body.type) {
      case 'createRoom':
        if (this.all.has(body.value.room)) return this.#options.refuse('ROOM_EXISTS');
        this.#make(user, body.value);
        return this.#enter(user, body.value.room);
      case 'enterRoom':
        if (!this.all.has(body.value.room)) this.#make(user, { ...body.value, attributes: [] });
        return this.#enter(user, body.value.room);
      case 'switchRoom':
        if (this.all.has(body.value.from)) this.remove(body.value.from, [user], MembershipCause.SWITCHED);
        return body.value.to === undefined ? undefined : this.answer(user, { type: 'enterRoom', value: body.value.to });
      case 'leaveRoom':
        if (this.all.has(body.value.room)) this.remove(body.value.room, [user]);
        return { type: 'done', value: {} };
      case 'leaveAllRooms': {
        const rooms = [...this.all.values()].filter(({ members }) => members.has(user)).map(({ id }) => id);
        for (const id of rooms) this.remove(id, [user]);
        return { type: 'roomNames', value: { rooms } };
      }
      case 'listRooms': {
        const { namePrefix, attributeKey, attributeValue } = body.value;
        const rooms = [...this.all.values()].filter(({ name, attributes, options }) => {
          const attribute = attributes.get(attributeKey);
          const hasAttribute = attributeKey === '' || (attribute !== undefined && ['', attribute.value].includes(attributeValue));
          return name.startsWith(namePrefix) && hasAttribute && options.isUnlisted !== true;
        });
        return { type: 'rooms', value: { rooms: rooms.map((room) => this.#info(room, '')) } };
      }
      default:
        return 'room' in body.value ? this.#inRoom(user, body, body.value.room) : undefined;
    }
  }

  /** What only those who are in may ask. */
  #inRoom(user: string, body: Request, id: string): Body | undefined {
    const room = this.all.get(id);
    if (room === undefined || !room.members.has(user)) return this.#options.refuse('ROOM_NOT_FOUND');
    const isModerator = this.#roleOf(room, user) >= RoomRole.MODERATOR;
    switch (body.type) {
      case 'getRoom':
        return { type: 'room', value: this.#info(room, user) };
      case 'listRoomMembers':
        return this.#listMembers(room, body.value.users);
      case 'changeRoomAttributes':
        return this.#changeOwn(room, user, body.value);
      case 'changeMemberAttributes':
        return this.#changeMember(room, user, body.value);
      case 'incrementCounter':
        return this.#count(room, user, body.value);
      default:
        return isModerator ? this.#moderate(room, user, body) : this.#options.refuse('PERMISSION_DENIED');
    }
  }

  #moderate(room: FakeRoom, operator: string, body: Request): Body | undefined {
    const done: Body = { type: 'done', value: {} };
    const untilMs = 'durationMs' in body.value && body.value.durationMs > 0 ? this.#options.clock.now() + body.value.durationMs : 0;
    switch (body.type) {
      case 'destroyRoom':
        this.destroy(room.id);
        return done;
      case 'kickFromRoom': {
        const users = body.value.users.filter((user) => room.members.has(user));
        this.remove(room.id, users, MembershipCause.KICKED);
        return { type: 'kickedUsers', value: { users } };
      }
      case 'banFromRoom':
        room.bans.set(body.value.user, untilMs);
        if (untilMs > 0) this.remove(room.id, [body.value.user], MembershipCause.BANNED);
        return { type: 'newValue', value: { value: untilMs } };
      case 'muteInRoom':
        for (const mute of mutesOf(body.value)) this.#change(room, { operator, change: { type: 'mute', value: { ...mute, untilMs } } });
        return { type: 'newValue', value: { value: untilMs } };
      case 'setRoomRole':
        this.#change(room, { operator, change: { type: 'role', value: body.value } });
        return done;
      case 'renameRoom':
        this.#change(room, { operator, change: { type: 'renamed', value: { name: body.value.name } } });
        return done;
      default:
        return undefined;
    }
  }

  #make(user: string, { room: id, name, options, attributes }: Omit<CreateRoom, 'memberLimit'>): FakeRoom {
    const room: FakeRoom = {
      ...{ id, name: name === '' ? id : name, owner: user, options: options ?? {} },
      attributes: new Map(attributes.map((attribute) => [attribute.key, { ...attribute, owner: user }])),
      ...{ mutes: [], version: 0, stateVersion: 1, tallyVersion: 0, isTallyDue: false, createdMs: this.#options.clock.now() },
      ...{ moderators: new Set(), bans: new Map(), counters: new Map(), memberAttributes: new Map(), past: new Map() },
      members: this.#options.members(`r:${id}`),
    };
    room.past.set(1, room.attributes);
    this.all.set(id, room);
    return room;
  }

  #enter(user: string, id: string): Body {
    const room = this.get(id);
    if ((room.bans.get(user) ?? 0) > this.#options.clock.now()) return this.#options.refuse('BANNED');
    if (!room.members.has(user)) {
      room.members.add(user);
      this.#tellMembers(room, { joined: [user] }, room.members);
    }
    return { type: 'room', value: this.#info(room, user) };
  }

  #info(room: FakeRoom, viewer: string): RoomInfoInit {
    const { name, version, stateVersion, tallyVersion, owner, options, createdMs } = room;
    const seesAll = this.#roleOf(room, viewer) >= RoomRole.MODERATOR;
    return {
      ...{ room: room.id, name, version, stateVersion, tallyVersion, owner, options, createdMs, firstSeq: 1 },
      memberCount: room.members.size,
      headSeq: this.#options.headSeq(`r:${room.id}`),
      attributes: [...room.attributes.values()],
      counters: [...room.counters].map(([counter, value]) => ({ name: counter, value })),
      moderators: [...room.moderators],
      mutes: this.#running(room).filter(({ user }) => seesAll || user === '' || user === viewer),
    };
  }

  #listMembers(room: FakeRoom, users: readonly string[]): Body {
    const listed = [...room.members].filter((user) => users.length === 0 || users.includes(user));
    const members = listed.map((user) => {
      const { version = 0, values = new Map<string, string>() } = room.memberAttributes.get(user) ?? {};
      const attributes = [...values].map(([key, value]) => ({ key, value }));
      return { user, role: this.#roleOf(room, user), attributesVersion: version, attributes };
    });
    return { type: 'members', value: { users: listed, members, memberCount: room.members.size } };
  }

  #roleOf(room: FakeRoom, user: string): RoomRole {
    if (user === room.owner) return RoomRole.OWNER;
    return room.moderators.has(user) ? RoomRole.MODERATOR : RoomRole.MEMBER;
  }

  #running(room: FakeRoom): readonly RoomMute[] {
    return mutesAt(room, this.#options.clock.now(), (user) => this.#roleOf(room, user));
  }

  #changeOwn(room: FakeRoom, operator: string, request: ChangeRoomAttributes): Body {
    const { refuse } = this.#options;
    if (request.ifVersion > 0 && request.ifVersion !== room.stateVersion) return refuse('VERSION_CONFLICT');
    const keys = [...request.set.map(({ key }) => key), ...request.deleted];
    const isOwned = keys.some((key) => ![undefined, operator].includes(room.attributes.get(key)?.owner));
    if (isOwned && !request.force) return refuse('ATTRIBUTE_OWNED');
    const set = request.set.map(({ key, value }) => {
      const owner = request.updateOwner ? operator : (room.attributes.get(key)?.owner ?? operator);
      return { key, value, owner, isDeletedOnLeave: request.deleteOnLeave };
    });
    this.#change(room, { operator, change: { type: 'attributes', value: { set, deleted: request.deleted } } });
    return { type: 'newValue', value: { value: room.stateVersion } };
  }

  #changeMember(room: FakeRoom, operator: string, request: Extract<Request, { type: 'changeMemberAttributes' }>['value']): Body {
    const user = request.user === '' ? operator : request.user;
    const entry = room.memberAttributes.get(user) ?? { version: 0, values: new Map<string, string>() };
    room.memberAttributes.set(user, entry);
    entry.version++;
    for (const key of request.deleted) entry.values.delete(key);
    for (const { key, value } of request.set) entry.values.set(key, value);
    const { set, deleted } = request;
    const value = { user, version: entry.version, set, deleted, operator: user === operator ? '' : operator };
    this.#options.publish(`r:${room.id}`, { body: { type: 'memberAttributes', value } }, room.members);
    return { type: 'newValue', value: { value: entry.version } };
  }

  #count(room: FakeRoom, user: string, { counter, nonce, total }: IncrementCounter): Body {
    const key = [room.id, counter, user, nonce].join('/');
    const known = this.#totals.get(key) ?? 0;
    this.#totals.set(key, Math.max(known, total));
    const value = (room.counters.get(counter) ?? 0) + Math.max(0, total - known);
    room.counters.set(counter, value);
    if (!room.isTallyDue) {
      room.isTallyDue = true;
      this.#options.clock.setTimer(200, () => this.#tellTally(room));
    }
    return { type: 'newValue', value: { value } };
  }

  #tellTally(room: FakeRoom): void {
    room.isTallyDue = false;
    const counters = [...room.counters].map(([name, value]) => ({ name, value }));
    const value = { version: ++room.tallyVersion, memberCount: room.members.size, counters };
    this.#options.publish(`r:${room.id}`, { body: { type: 'roomTally', value } }, room.members);
  }

  #tellMembers(
    room: FakeRoom,
    change: { joined?: readonly string[]; left?: readonly string[]; closed?: boolean; cause?: MembershipCause },
    users: Iterable<string>,
  ): void {
    // Grows over all rooms, so that one which is made again goes on higher.
    room.version = ++this.#version;
    const value = { ...change, version: room.version, memberCount: room.members.size };
    this.#options.publish(`r:${room.id}`, { body: { type: 'membership', value } }, users);
  }

  #change(room: FakeRoom, { operator, change }: Pick<RoomChangeInit, 'operator' | 'change'>): void {
    room.stateVersion++;
    if (change?.type === 'renamed') room.name = change.value.name ?? '';
    if (change?.type === 'attributes') room.attributes = changed(room.attributes, change.value.set ?? [], change.value.deleted ?? []);
    if (change?.type === 'role') changeRole(room, change.value.user ?? '', change.value.role ?? 0);
    if (change?.type === 'mute') {
      const { user = '', role = 0, untilMs = 0 } = change.value;
      const others = this.#running(room).filter((mute) => mute.user !== user || mute.role !== role);
      room.mutes = untilMs > 0 || user !== '' ? [...others, { user, role, untilMs }] : others;
    }
    room.mutes = this.#running(room);
    room.past.set(room.stateVersion, room.attributes);
    const value = { stateVersion: room.stateVersion, operator, change };
    this.#options.publish(`r:${room.id}`, { body: { type: 'roomChange', value } }, room.members);
  }
}

function mutesAt(room: FakeRoom, nowMs: number, roleOf: (user: string) => RoomRole): readonly RoomMute[] {
  const timed = room.mutes.filter(({ untilMs }) => untilMs > nowMs || untilMs === 0);
  return timed.filter(({ user, untilMs }) => untilMs > 0 || timed.some((mute) => mute.user === '' && mute.role === roleOf(user)));
}

function changed(
  attributes: ReadonlyMap<string, RoomAttribute>,
  set: readonly RoomAttributeInit[],
  deleted: readonly string[],
): ReadonlyMap<string, RoomAttribute> {
  const next = new Map(attributes);
  for (const key of deleted) next.delete(key);
  for (const { key = '', value = '', owner = '', isDeletedOnLeave = false } of set) next.set(key, { key, value, owner, isDeletedOnLeave });
  return next;
}

function changeRole(room: FakeRoom, user: string, role: RoomRole): void {
  room.moderators.delete(user);
  if (role === RoomRole.MODERATOR) room.moderators.add(user);
  if (role !== RoomRole.OWNER) return;
  room.moderators.add(room.owner);
  room.owner = user;
}

function mutesOf({ user, role, isEveryone }: MuteInRoom): readonly { readonly user: string; readonly role: RoomRole }[] {
  const roles = isEveryone ? [RoomRole.MEMBER, RoomRole.MODERATOR] : [role];
  return user !== '' ? [{ user, role: 0 }] : roles.map((muted) => ({ user: '', role: muted }));
}
