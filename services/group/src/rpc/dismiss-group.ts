import { operatorField } from '@parley/aggregates';
import type { DismissGroupRequest, DismissGroupResponseInit } from '@parley/contracts/group';
import type { GroupCalls } from '../ports.js';
import { groupNameOf } from './group-name.js';
import { operate } from './operate.js';

/** Ends a group for ever. */
export async function dismissGroup({ groups }: GroupCalls, request: DismissGroupRequest): Promise<DismissGroupResponseInit> {
  const name = groupNameOf(request);
  const operator = operatorField('operator', request.operator);
  await operate(groups, { name, operator, kind: { type: 'dismiss', value: {} } });
  return {};
}
