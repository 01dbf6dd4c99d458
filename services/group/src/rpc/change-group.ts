import { operatorField } from '@parley/aggregates';
import type { ChangeGroupRequest, ChangeGroupResponseInit } from '@parley/contracts/group';
import type { GroupEvent } from '@parley/contracts/events';
import type { Group } from '@parley/domain';
import { type GroupChange, type GroupOperation, RequestState } from '@parley/wire';
import type { GroupCalls } from '../ports.js';
import { groupNameOf } from './group-name.js';
import { operate } from './operate.js';
import { operationField } from './operation-field.js';
import { refuseUnwanted } from './refuse-unwanted.js';
import { isVisible, visibleInfo } from './visible-group.js';

/** Carries out whatever may be done to a group; who may do it is in the permission table of the domain. */
export async function changeGroup(calls: GroupCalls, request: ChangeGroupRequest, signal: AbortSignal): Promise<ChangeGroupResponseInit> {
  const { groups } = calls;
  const name = groupNameOf(request);
  const operator = operatorField('operator', request.operator);
  const kind = operationField(request.operation);
  // Strangers are refused by the decider, without learning what they are to others.
  if (kind.type === 'invite' && isVisible(groups.read(name), operator)) {
    await refuseUnwanted(calls, { app: name.app, operator, users: kind.value.users }, signal);
  }
  const { ifVersion } = request;
  const { state, events, outcome } = await operate(groups, { name, operator, kind, ifVersion, when: 'head' });
  const headSeq = isVisible(state, operator) ? (outcome?.seq ?? 0) : 0;
  return { group: visibleInfo(state, operator), users: concernedBy(events), asked: askedBy(state, operator, kind), headSeq };
}

/** Whom the events concern, each once. */
function concernedBy(events: readonly GroupEvent[]): readonly string[] {
  return [...new Set(events.flatMap(usersOf))];
}

function usersOf({ change }: GroupEvent): readonly string[] {
  switch (change?.type) {
    case 'joined':
    case 'left':
      return change.value.users;
    case 'changed':
      return usersChangedBy(change.value);
    default:
      return [];
  }
}

function usersChangedBy({ change }: GroupChange): readonly string[] {
  switch (change?.type) {
    case 'role':
    case 'nickname':
      return [change.value.user];
    case 'owner':
      return [change.value.owner];
    case 'mute':
      return change.value.user === '' ? [] : [change.value.user];
    case 'mutes':
      return change.value.mutes.map(({ user }) => user).filter((user) => user !== '');
    default:
      return [];
  }
}

/** Those of whom a request waits after the operation; also when it was asked before. */
function askedBy(group: Group, operator: string, kind: NonNullable<GroupOperation['kind']>): readonly string[] {
  if (group.type !== 'open') return [];
  const users = kind.type === 'join' ? [operator] : kind.type === 'invite' ? kind.value.users : [];
  return users.filter((user) => group.requests.get(user)?.state === RequestState.WAITING);
}
