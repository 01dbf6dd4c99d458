import { appField, userField } from '@parley/aggregates';
import type { ListPartitionRequestsRequest, ListPartitionRequestsResponseInit } from '@parley/contracts/group';
import { waitingRequestOf } from '@parley/domain';
import type { GroupCalls } from '../ports.js';
import { newestRequests } from './newest-requests.js';

/** What waits and is about a user, in the groups of one partition. */
export function listPartitionRequests(
  { groups, requests, clock }: GroupCalls,
  request: ListPartitionRequestsRequest,
): ListPartitionRequestsResponseInit {
  const app = appField(request.app);
  const user = userField('user', request.user);
  const nowMs = clock.now();
  const found = [...requests.groupsOf(request.partition, app, user)].flatMap((name) => {
    const group = groups.read(name);
    return group.type === 'open' ? (waitingRequestOf(group, user, nowMs) ?? []) : [];
  });
  return { requests: newestRequests(found) };
}
