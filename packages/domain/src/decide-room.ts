import type { RoomEvent } from '@parley/contracts/events';
import { assertNever, ok, type Refusal, type Result, refused } from '@parley/kernel';
import type { OpenRoom, Room } from './room.js';
import { decideChangeAttributes } from './room/attributes.js';
import { decideCount } from './room/counters.js';
import { decideLeave } from './room/departure.js';
import { noChange, type RoomDecision, type RoomDraft, type RoomEventChange, roomNotFound } from './room/draft.js';
import { decideCreate, decideCreateAgain, decideDestroy, decideEnter, decideEnterAbsent, decideExpire } from './room/life-cycle.js';
import { decideChangeMemberAttributes } from './room/member-attributes.js';
import { decideBan, decideKick, decideRename } from './room/moderation.js';
import { decideMute } from './room/mutes.js';
import { decideSetRole } from './room/roles.js';
import type { RoomCommand } from './room-command.js';

/** What happens to the room when the command is carried out; no events when it already is as asked for. */
export function decideRoom(room: Room, command: RoomCommand): Result<readonly RoomEvent[], Refusal> {
  const decision = room.type === 'absent' ? decideAbsent(command) : decideOpen(room, command);
  return decision.ok ? ok(numbered(room, command, decision.value)) : decision;
}

function decideAbsent(command: RoomCommand): RoomDecision {
  switch (command.type) {
    case 'create':
      return decideCreate(command);
    case 'enter':
      return decideEnterAbsent(command);
    case 'leave':
    case 'expire':
      return noChange;
    default:
      return refused(roomNotFound);
  }
}

function decideOpen(room: OpenRoom, command: RoomCommand): RoomDecision {
  switch (command.type) {
    case 'create':
      return decideCreateAgain(room, command);
    case 'enter':
      return decideEnter(room, command);
    case 'leave':
      return decideLeave(room, command);
    case 'destroy':
      return decideDestroy(room, command);
    case 'expire':
      return decideExpire(room, command);
    case 'kick':
      return decideKick(room, command);
    case 'ban':
      return decideBan(room, command);
    case 'mute':
      return decideMute(room, command);
    case 'setRole':
      return decideSetRole(room, command);
    case 'rename':
      return decideRename(room, command);
    case 'changeAttributes':
      return decideChangeAttributes(room, command);
    case 'changeMemberAttributes':
      return decideChangeMemberAttributes(room, command);
    case 'count':
      return decideCount(room, command);
    default:
      return assertNever(command);
  }
}

/** By how much an event raises `version` (what the router must know) and `stateVersion` (what clients fold). */
const raises: Readonly<Record<RoomEventChange['type'], readonly [version: number, stateVersion: number]>> = {
  created: [1, 1],
  entered: [1, 0],
  left: [1, 0],
  destroyed: [1, 0],
  attributes: [0, 1],
  role: [1, 1],
  mute: [1, 1],
  banned: [1, 0],
  counted: [0, 0],
  memberAttributes: [0, 0],
  renamed: [0, 1],
};

function numbered(before: Room, { app, room, timeMs, firstVersion }: RoomCommand, drafts: readonly RoomDraft[]): readonly RoomEvent[] {
  let version = before.type === 'open' ? before.version : firstVersion - 1;
  let stateVersion = before.type === 'open' ? before.stateVersion : 0;
  return drafts.map(({ operator, change }): RoomEvent => {
    const [byVersion, byStateVersion] = raises[change.type];
    version += byVersion;
    stateVersion += byStateVersion;
    return { app, room, version, timeMs, operator, change, stateVersion };
  });
}
