import { createAggregateHost } from '@parley/aggregates';
import type { GroupService as GroupContract } from '@parley/contracts/group';
import { ParleyError } from '@parley/kernel';
import type { OwnedPartitions } from '@parley/ownedlog';
import type { ServiceHandlers } from '@parley/rpc';
import { groupKind } from './group-kind.js';
import type { GroupServiceDeps } from './ports.js';
import { createGroup } from './rpc/create-group.js';
import { dismissGroup } from './rpc/dismiss-group.js';
import { getGroup } from './rpc/get-group.js';
import { inviteToGroup } from './rpc/invite-to-group.js';
import { joinGroup } from './rpc/join-group.js';
import { leaveGroup } from './rpc/leave-group.js';
import { listMembers } from './rpc/list-members.js';

const unsupported = (): never => {
  throw new ParleyError('UNSUPPORTED');
};

export interface GroupService {
  /** To be offered at the address of the deps. Calls for partitions of others are refused with NOT_OWNER. */
  readonly handlers: ServiceHandlers<typeof GroupContract>;
  /** Owns partitions until the signal is aborted; resolves when all are given up. To be called once. */
  run(signal: AbortSignal): Promise<void>;
  readonly owned: OwnedPartitions;
}

/** Owns groups: who is in them and who may change that. */
export function createGroupService(deps: GroupServiceDeps): GroupService {
  const groups = createAggregateHost(groupKind, deps);
  return {
    handlers: {
      createGroup: (request) => createGroup(groups, request),
      dismissGroup: (request) => dismissGroup(groups, request),
      joinGroup: (request) => joinGroup(groups, request),
      inviteToGroup: (request) => inviteToGroup(groups, request),
      leaveGroup: (request) => leaveGroup(groups, request),
      getGroup: async (request) => getGroup(groups, request),
      listMembers: async (request) => listMembers(groups, request),
      changeGroup: unsupported,
      getMembers: unsupported,
      listRequests: unsupported,
      getGroups: unsupported,
      getPartitionGroups: unsupported,
    },
    run: (signal) => groups.run(signal),
    owned: groups.owned,
  };
}
