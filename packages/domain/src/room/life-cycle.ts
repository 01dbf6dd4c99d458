import type { RoomCreated, RoomEvent } from '@parley/contracts/events';
import { limits, ok, type Refusal, refusal, refused } from '@parley/kernel';
import { HistoryAccess, MembershipCause, type RoomAttribute, type RoomOptions, RoomRole } from '@parley/wire';
import { refusalOfName } from '../display-name.js';
import { domainLimits } from '../limits.js';
import { memberLimitOf } from '../member-limit.js';
import { MemberSet } from '../member-set.js';
import { PersistentMap } from '../persistent-map.js';
import type { OpenRoom } from '../room.js';
import type { RoomCommandOf } from '../room-command.js';
import { refusalOfFirstAttributes } from './attributes.js';
import { noTally } from './counters.js';
import { emptyRoomDestroyed } from './departure.js';
import { noChange, type RoomDecision, type RoomDraft, type RoomFold, roomNotFound } from './draft.js';
import { isBanned } from './moderation.js';
import { refusalOfOperator } from './roles.js';

/** Makes a room that is not there. */
export const decideCreate = (command: RoomCommandOf<'create'>): RoomDecision => making(command);

/** A creation of a room that is there: no error when it is the same one told twice. */
export function decideCreateAgain(room: OpenRoom, { creator }: RoomCommandOf<'create'>): RoomDecision {
  const isRepeated = room.creator === creator && (creator === '' || room.members.has(creator));
  return isRepeated ? noChange : refused(refusal('ROOM_EXISTS'));
}

/** Enters a room that is not there, which makes it. */
export function decideEnterAbsent(command: RoomCommandOf<'enter'>): RoomDecision {
  const { name, user, options, mustExist } = command;
  return mustExist ? refused(roomNotFound) : making({ name, creator: user, memberLimit: 0, options, attributes: [] });
}

export function decideEnter(room: OpenRoom, { user, timeMs }: RoomCommandOf<'enter'>): RoomDecision {
  if (room.members.has(user)) return noChange;
  if (isBanned(room, user, timeMs)) return refused(refusal('BANNED'));
  if (room.members.size >= room.memberLimit) return refused(refusal('ROOM_FULL'));
  return ok([{ operator: user, change: { type: 'entered', value: { users: [user] } } }]);
}

/** The owner may do it from outside too, unless kept out. */
export function decideDestroy(room: OpenRoom, { operator, timeMs }: RoomCommandOf<'destroy'>): RoomDecision {
  const isOwner = operator === room.owner && !isBanned(room, operator, timeMs);
  const denied = isOwner ? undefined : refusalOfOperator(room, operator, RoomRole.OWNER);
  if (denied !== undefined) return refused(denied);
  return ok([{ operator, change: { type: 'destroyed', value: { cause: MembershipCause.DESTROYED } } }]);
}

/** Ends a room that has been empty for as long as it may be. */
export function decideExpire({ emptySinceMs, options }: OpenRoom, { timeMs }: RoomCommandOf<'expire'>): RoomDecision {
  const isOver = emptySinceMs > 0 && options.emptyTtlMs > 0 && timeMs >= emptySinceMs + options.emptyTtlMs;
  return isOver ? ok([emptyRoomDestroyed]) : noChange;
}

export const foldEntered = (room: OpenRoom, users: readonly string[]): RoomFold => ({
  members: room.members.withAll(users),
  emptySinceMs: 0,
});

/** A room as it starts. */
export function roomMade(event: RoomEvent, { name, creator, memberLimit, options }: RoomCreated): OpenRoom {
  const { app, room, version, stateVersion, timeMs } = event;
  return {
    type: 'open',
    app,
    room,
    version,
    stateVersion,
    name,
    creator,
    options: optionsOf(options),
    memberLimit,
    createdMs: timeMs,
    members: creator === '' ? MemberSet.empty : MemberSet.of([creator]),
    emptySinceMs: creator === '' ? timeMs : 0,
    owner: creator,
    moderators: new Set(),
    attributes: new Map(),
    mutes: [],
    bans: new Map(),
    ...noTally,
    memberAttributes: PersistentMap.empty(),
  };
}

interface RoomPlan {
  readonly name: string;
  readonly creator: string;
  /** 0 means the default. */
  readonly memberLimit: number;
  readonly options: RoomOptions;
  readonly attributes: readonly RoomAttribute[];
}

function making({ name, creator, memberLimit: asked, options: chosen, attributes }: RoomPlan): RoomDecision {
  const limit = memberLimitOf(asked, domainLimits.roomMembersDefault, domainLimits.roomMembersCeiling);
  if (!limit.ok) return limit;
  const options = optionsOf(chosen);
  const wrong = refusalOfName(name) ?? refusalOfOptions(options) ?? refusalOfFirstAttributes(attributes);
  if (wrong !== undefined) return refused(wrong);
  const value = { name, creator, memberLimit: limit.value, options };
  const created: RoomDraft = { operator: creator, change: { type: 'created', value } };
  if (attributes.length === 0) return ok([created]);
  const set = attributes.map((attribute) => ({ ...attribute, owner: creator }));
  return ok([created, { operator: creator, change: { type: 'attributes', value: { set, deleted: [] } } }]);
}

/** What is not said means the least: newcomers read nothing of what was said before. */
function optionsOf(chosen: RoomOptions | undefined): RoomOptions {
  const { emptyTtlMs = 0, keepsAttributes = false, isUnlisted = false } = chosen ?? {};
  const historyAccess = chosen?.historyAccess === HistoryAccess.RECENT ? HistoryAccess.RECENT : HistoryAccess.FROM_JOIN;
  return { emptyTtlMs, keepsAttributes, historyAccess, isUnlisted };
}

function refusalOfOptions({ emptyTtlMs }: RoomOptions): Refusal | undefined {
  if (emptyTtlMs <= limits.roomEmptyTtlMsMax) return undefined;
  return refusal('INVALID_ARGUMENT', `options.empty_ttl_ms: at most ${limits.roomEmptyTtlMsMax}`);
}
