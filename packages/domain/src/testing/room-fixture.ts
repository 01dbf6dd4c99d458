import type { Contribution, RoomEvent } from '@parley/contracts/events';
import type { AppId, ErrorName, RoomId, UserId } from '@parley/kernel';
import {
  createRoomOptions,
  MembershipCause,
  type RoomAttribute,
  type RoomAttributeInit,
  createRoomAttribute,
  type RoomOptionsInit,
  RoomRole,
} from '@parley/wire';
import { decideRoom } from '../decide-room.js';
import { evolveRoom } from '../evolve-room.js';
import { initialRoom, type OpenRoom, type Room } from '../room.js';
import type { RoomCommand, RoomCommandOf } from '../room-command.js';

export type Operator = UserId | '';

/** What every command of these tests says. */
export const head = { app: 'app' as AppId, room: 'hall' as RoomId, timeMs: 1_000, firstVersion: 1_024_000 };

export const [ann, bob, cid, dan, eve] = ['ann', 'bob', 'cid', 'dan', 'eve'] as UserId[] as [UserId, UserId, UserId, UserId, UserId];
export const backEnd = '';

export interface CreationInit {
  readonly name?: string;
  readonly memberLimit?: number;
  readonly options?: RoomOptionsInit;
  readonly attributes?: readonly RoomAttributeInit[];
}

export const create = (creator: Operator, init: CreationInit = {}): RoomCommandOf<'create'> => ({
  ...head,
  type: 'create',
  name: init.name ?? 'Hall',
  creator,
  memberLimit: init.memberLimit ?? 0,
  options: createRoomOptions(init.options ?? {}),
  attributes: (init.attributes ?? []).map((attribute): RoomAttribute => createRoomAttribute(attribute)),
});

export const enter = (user: UserId, mustExist = false): RoomCommandOf<'enter'> => ({
  ...head,
  type: 'enter',
  user,
  name: 'Hall',
  options: createRoomOptions({}),
  mustExist,
});

export const leave = (...users: UserId[]): RoomCommandOf<'leave'> => ({
  ...head,
  type: 'leave',
  users,
  cause: MembershipCause.UNSPECIFIED,
});

export const destroy = (operator: Operator): RoomCommandOf<'destroy'> => ({ ...head, type: 'destroy', operator });

export const expire = (timeMs: number): RoomCommandOf<'expire'> => ({ ...head, type: 'expire', timeMs });

export const kick = (operator: Operator, ...users: UserId[]): RoomCommandOf<'kick'> => ({ ...head, type: 'kick', operator, users });

export const ban = (operator: Operator, user: UserId, durationMs = 500): RoomCommandOf<'ban'> => ({
  ...head,
  type: 'ban',
  operator,
  user,
  durationMs,
});

export type MuteTarget = UserId | RoomRole | 'everyone';

export const mute = (operator: Operator, target: MuteTarget, durationMs = 500): RoomCommandOf<'mute'> => ({
  ...head,
  type: 'mute',
  operator,
  user: typeof target === 'string' && target !== 'everyone' ? target : '',
  role: typeof target === 'number' ? target : RoomRole.UNSPECIFIED,
  isEveryone: target === 'everyone',
  durationMs,
});

export const unmute = (operator: Operator, target: MuteTarget): RoomCommandOf<'mute'> => mute(operator, target, 0);

export const setRole = (operator: Operator, user: UserId, role: RoomRole): RoomCommandOf<'setRole'> => ({
  ...head,
  type: 'setRole',
  operator,
  user,
  role,
});

export const rename = (operator: Operator, name: string): RoomCommandOf<'rename'> => ({ ...head, type: 'rename', operator, name });

export type AttributeOptions = Partial<Omit<RoomCommandOf<'changeAttributes'>, 'set'>>;

/** Sets the pairs of the record, with whatever else is given. */
export const change = (
  operator: Operator,
  set: Readonly<Record<string, string>>,
  options: AttributeOptions = {},
): RoomCommandOf<'changeAttributes'> => ({
  ...head,
  type: 'changeAttributes',
  operator,
  set: Object.entries(set).map(([key, value]) => ({ key, value })),
  deleted: [],
  force: false,
  updateOwner: false,
  deleteOnLeave: false,
  ifVersion: 0,
  ...options,
});

export const changeMember = (
  operator: Operator,
  user: UserId,
  set: Readonly<Record<string, string>>,
  deleted: readonly string[] = [],
): RoomCommandOf<'changeMemberAttributes'> => ({
  ...head,
  type: 'changeMemberAttributes',
  operator,
  user,
  set: Object.entries(set).map(([key, value]) => ({ key, value })),
  deleted,
});

export const contribution = (user: Operator, total: number, counter = 'likes', nonce = 'n1'): Contribution => ({
  counter,
  user,
  nonce,
  total,
});

export const count = (...contributions: Contribution[]): RoomCommandOf<'count'> => ({ ...head, type: 'count', contributions });

/** The same command at another time. */
export const at = <Command extends RoomCommand>(timeMs: number, command: Command): Command => ({ ...command, timeMs });

/** What the command leads to. Throws when it is refused. */
export function eventsOf(room: Room, command: RoomCommand): readonly RoomEvent[] {
  const decision = decideRoom(room, command);
  if (!decision.ok) throw new Error(`refused: ${decision.error.name} ${decision.error.detail ?? ''}`);
  return decision.value;
}

export const changesOf = (room: Room, command: RoomCommand): readonly RoomEvent['change'][] =>
  eventsOf(room, command).map((event) => event.change);

export const typesOf = (room: Room, command: RoomCommand): readonly (string | undefined)[] =>
  changesOf(room, command).map((it) => it?.type);

export const applied = (room: Room, ...commands: RoomCommand[]): Room =>
  commands.reduce<Room>((folded, command) => eventsOf(folded, command).reduce(evolveRoom, folded), room);

/** The room that the commands lead to. */
export const after = (...commands: RoomCommand[]): Room => applied(initialRoom, ...commands);

/** The same for a room that must be there. */
export function open(room: Room): OpenRoom {
  if (room.type !== 'open') throw new Error('the room is not there');
  return room;
}

export function refusalOf(room: Room, command: RoomCommand): ErrorName | undefined {
  const decision = decideRoom(room, command);
  return decision.ok ? undefined : decision.error.name;
}

/** The refusal with its detail. */
export function refusalTextOf(room: Room, command: RoomCommand): string {
  const decision = decideRoom(room, command);
  return decision.ok ? 'none' : `${decision.error.name} ${decision.error.detail ?? ''}`.trim();
}
