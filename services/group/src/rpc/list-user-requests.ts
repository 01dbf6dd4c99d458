import { appField, userField } from '@parley/aggregates';
import type { ListUserRequestsRequest, ListUserRequestsResponseInit } from '@parley/contracts/group';
import type { GroupServiceDeps } from '../ports.js';
import { newestRequests } from './newest-requests.js';

/**
 * What waits and is about a user, wherever the groups lie: who was invited while away finds it here, for an invitation is
 * told to those who listen, and its group to nobody else.
 */
export async function listUserRequests(
  { owners, partitions }: Pick<GroupServiceDeps, 'owners' | 'partitions'>,
  request: ListUserRequestsRequest,
  signal: AbortSignal,
): Promise<ListUserRequestsResponseInit> {
  const app = appField(request.app);
  const user = userField('user', request.user);
  const asking = Array.from({ length: partitions }, (_, partition) => owners.listPartitionRequests({ app, partition, user }, { signal }));
  const answers = await Promise.all(asking);
  return { requests: newestRequests(answers.flatMap(({ requests }) => requests)) };
}
