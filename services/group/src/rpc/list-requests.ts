import { memberPage, operatorField } from '@parley/aggregates';
import type { ListRequestsRequest, ListRequestsResponseInit } from '@parley/contracts/group';
import { groupRequestsOf } from '@parley/domain';
import { ParleyError } from '@parley/kernel';
import type { GroupCalls } from '../ports.js';
import { groupNameOf } from './group-name.js';
import { isVisible } from './visible-group.js';

/**
 * Requests of a group in the order of their users, page by page: all of them for owner, admins and back end, for others
 * those that they have sent or got. Throws GROUP_NOT_FOUND for strangers of whom there is none.
 */
export function listRequests({ groups, clock }: GroupCalls, request: ListRequestsRequest): ListRequestsResponseInit {
  const name = groupNameOf(request);
  const viewer = operatorField('viewer', request.viewer);
  const group = groups.read(name);
  const requests = group.type === 'open' ? groupRequestsOf(group, viewer, clock.now()) : [];
  if (requests.length === 0 && !isVisible(group, viewer)) throw new ParleyError('GROUP_NOT_FOUND');
  const byUser = new Map(requests.map((waiting) => [waiting.user, waiting]));
  const users = [...byUser.keys()];
  const page = (after: string, limit: number): readonly string[] => users.filter((user) => user > after).slice(0, limit);
  const { users: shown, nextPage } = memberPage({ size: users.length, page }, request);
  return { requests: shown.flatMap((user) => byUser.get(user) ?? []), nextPage };
}
