import { operatorField } from '@parley/aggregates';
import type { DismissGroupRequest, DismissGroupResponseInit } from '@parley/contracts/group';
import type { Groups } from '../ports.js';
import { groupNameOf } from './group-name.js';

/** Ends a group for ever. */
export async function dismissGroup(groups: Groups, request: DismissGroupRequest): Promise<DismissGroupResponseInit> {
  const { app, group, conversation } = groupNameOf(request);
  const operator = operatorField('operator', request.operator);
  await groups.execute({ app, conversation }, ({ timeMs }) => ({ type: 'dismiss', app, group, timeMs, operator }));
  return {};
}
