import type { RoomEvent } from '@parley/contracts/events';
import { assertNever, ok, type Refusal, type Result, refusal, refused } from '@parley/kernel';
import { refusalOfName } from './display-name.js';
import { domainLimits } from './limits.js';
import { memberLimitOf } from './member-limit.js';
import type { Room, RoomCommand } from './room.js';

type Decision = Result<readonly RoomEvent[], Refusal>;
type Command<Type extends RoomCommand['type']> = RoomCommand & { readonly type: Type };

const noChange: Decision = ok([]);
/** "Absent" and "not allowed to know" answer alike. */
const notFound: Decision = refused(refusal('ROOM_NOT_FOUND'));

/** What happens to the room when the command is carried out; no events when it already is as asked for. */
export function decideRoom(room: Room, command: RoomCommand): Decision {
  switch (command.type) {
    case 'create':
      return create(room, command);
    case 'enter':
      return enter(room, command);
    case 'leave':
      return leave(room, command);
    case 'destroy':
      return destroy(room, command);
    default:
      return assertNever(command);
  }
}

function create(room: Room, command: Command<'create'>): Decision {
  const { creator } = command;
  if (room.type === 'absent') return created(command, creator, command.memberLimit);
  const isRepeated = room.creator === creator && (creator === '' || room.members.has(creator));
  return isRepeated ? noChange : refused(refusal('ROOM_EXISTS'));
}

function enter(room: Room, command: Command<'enter'>): Decision {
  const { user } = command;
  if (room.type === 'absent') return command.mustExist ? notFound : created(command, user, 0);
  if (room.members.has(user)) return noChange;
  if (room.members.size >= room.memberLimit) return refused(refusal('ROOM_FULL'));
  return ok([eventOf(command, room.version + 1, user, { type: 'entered', value: { users: [user] } })]);
}

function created(command: Command<'create' | 'enter'>, creator: string, askedLimit: number): Decision {
  const wrongName = refusalOfName(command.name);
  if (wrongName !== undefined) return refused(wrongName);
  const limit = memberLimitOf(askedLimit, domainLimits.roomMembersDefault, domainLimits.roomMembersCeiling);
  if (!limit.ok) return limit;
  const value = { name: command.name, creator, memberLimit: limit.value };
  return ok([eventOf(command, command.firstVersion, creator, { type: 'created', value })]);
}

function leave(room: Room, command: Command<'leave'>): Decision {
  const { user } = command;
  // Whoever is not in it is as they want to be; that also hides whether there is such a room.
  if (room.type === 'absent' || !room.members.has(user)) return noChange;
  const left = eventOf(command, room.version + 1, user, { type: 'left', value: { users: [user] } });
  const isOver = room.members.size === 1 && room.creator !== '';
  return ok(isOver ? [left, eventOf(command, room.version + 2, user, { type: 'destroyed', value: {} })] : [left]);
}

function destroy(room: Room, command: Command<'destroy'>): Decision {
  const { operator } = command;
  if (room.type === 'absent') return notFound;
  if (operator === '' || operator === room.creator) {
    return ok([eventOf(command, room.version + 1, operator, { type: 'destroyed', value: {} })]);
  }
  return room.members.has(operator) ? refused(refusal('PERMISSION_DENIED', 'only the creator destroys a room')) : notFound;
}

function eventOf(command: RoomCommand, version: number, operator: string, change: RoomEvent['change']): RoomEvent {
  const { app, room, timeMs } = command;
  return { app, room, version, timeMs, operator, change };
}
