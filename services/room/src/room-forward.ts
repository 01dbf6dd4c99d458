import type { Forward } from '@parley/aggregates';
import type { NoticeCommandInit, RoomEvent } from '@parley/contracts/events';
import { type Room, speakingRulesOf } from '@parley/domain';
import { limits } from '@parley/kernel';
import { MembershipCause, type MembershipChangeInit, Priority, type RoomChangeInit, type SpeakingRules } from '@parley/wire';

/** What an event of a room, and the state that it led to, mean to the router and to the members; counting means nothing. */
export function roomForward(event: RoomEvent, after: Room): Forward | undefined {
  const { change, operator, version } = event;
  switch (change?.type) {
    case 'created': {
      const { creator, options } = change.value;
      const joined = creator === '' ? [] : [creator];
      // All of it, so that nothing of an earlier room of this name goes on.
      return {
        change: membershipOf(event, after, { joined }),
        speaking: speakingOf(event, after),
        historyAccess: options?.historyAccess,
      };
    }
    case 'entered':
      return { change: membershipOf(event, after, { joined: change.value.users }) };
    case 'left':
      return { change: membershipOf(event, after, { left: change.value.users, cause: change.value.cause }) };
    case 'destroyed': {
      const { cause } = change.value;
      return { change: { version, operator: cause === MembershipCause.DESTROYED ? operator : '', cause, closed: true } };
    }
    case 'banned':
      return { change: membershipOf(event, after, {}), speaking: speakingOf(event, after) };
    case 'role':
    case 'mute':
      return { change: membershipOf(event, after, {}), speaking: speakingOf(event, after), notices: [roomChange(event, change)] };
    case 'attributes':
    case 'renamed':
      return { notices: [roomChange(event, change)] };
    case 'memberAttributes': {
      const { user } = change.value;
      const isSmall = memberCountOf(after) <= limits.roomVisibleMembersMax;
      const onlyTo = isSmall ? [] : operator === '' || operator === user ? [user] : [user, operator];
      return { notices: [{ priority: Priority.HIGH, onlyTo, body: { type: 'memberAttributes', value: change.value } }] };
    }
    case 'counted':
      return undefined;
    default:
      throw new Error('room event of an unknown kind');
  }
}

/** An operator is named where it is another user than the one who came or went. */
function membershipOf({ operator, version }: RoomEvent, after: Room, moved: MembershipChangeInit): MembershipChangeInit {
  const users = moved.joined ?? moved.left ?? [];
  const isOther = users.length > 0 && !(users.length === 1 && users[0] === operator);
  return { ...moved, version, operator: isOther ? operator : '', memberCount: memberCountOf(after) };
}

function roomChange({ stateVersion, operator }: RoomEvent, change: RoomChangeInit['change']): NoticeCommandInit {
  return { priority: Priority.HIGH, body: { type: 'roomChange', value: { stateVersion, operator, change } } };
}

const speakingOf = (event: RoomEvent, after: Room): SpeakingRules | undefined =>
  after.type === 'open' ? speakingRulesOf(after, event.timeMs) : undefined;

const memberCountOf = (room: Room): number => (room.type === 'open' ? room.members.size : 0);
