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
import { groupForward } from './group-forward.js';

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
  forwardOf: groupForward,
  isMembershipStored: true,
};
