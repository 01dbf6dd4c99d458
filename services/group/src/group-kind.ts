import type { AggregateKind } from '@parley/aggregates';
import {
  decodeGroupEventBatch,
  decodeGroupState,
  encodeGroupEventBatch,
  encodeGroupState,
  type GroupEvent,
} from '@parley/contracts/events';
import { topics } from '@parley/contracts/topics';
import { decideGroup, evolveGroup, type Group, type GroupCommand, groupFromState, groupToState, initialGroup } from '@parley/domain';
import { createMembershipChange, type MembershipChange } from '@parley/wire';

/** Groups, as the skeleton sees them. */
export const groupKind: AggregateKind<Group, GroupCommand, GroupEvent> = {
  service: 'group',
  topic: topics.groupEvents,
  initial: initialGroup,
  decide: decideGroup,
  evolve: evolveGroup,
  isInitial: (group) => group.type === 'absent',
  encodeState: (group) => encodeGroupState(groupToState(group)),
  decodeState: (bytes) => groupFromState(decodeGroupState(bytes)),
  encodeEvents: (events) => encodeGroupEventBatch({ events }),
  decodeEvents: (bytes) => decodeGroupEventBatch(bytes).events,
  forwardOf: (event) => ({ change: membershipOf(event) }),
  isMembershipStored: true,
  isLogTrimmed: false,
};

function membershipOf({ change, operator, version }: GroupEvent): MembershipChange {
  switch (change?.type) {
    case 'created':
      return createMembershipChange({ version, operator, joined: change.value.members });
    case 'joined':
      return createMembershipChange({
        version,
        operator: unlessSelf(operator, change.value.users),
        joined: change.value.users,
      });
    case 'left':
      return createMembershipChange({
        version,
        operator: unlessSelf(operator, change.value.users),
        left: change.value.users,
      });
    case 'dismissed':
      return createMembershipChange({ version, operator, closed: true });
    default:
      throw new Error('group event of an unknown kind');
  }
}

/** An operator is named where it is another user than the one who came or went. */
const unlessSelf = (operator: string, users: readonly string[]): string => (users.length === 1 && users[0] === operator ? '' : operator);
