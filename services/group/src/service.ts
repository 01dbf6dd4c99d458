import { createAggregateHost } from '@parley/aggregates';
import type { GroupService as GroupContract } from '@parley/contracts/group';
import type { OwnedPartitions } from '@parley/ownedlog';
import type { ServiceHandlers } from '@parley/rpc';
import { groupKind } from './group-kind.js';
import type { GroupCalls, GroupServiceDeps } from './ports.js';
import { RequestIndexes } from './request-index.js';
import { changeGroup } from './rpc/change-group.js';
import { createGroup } from './rpc/create-group.js';
import { dismissGroup } from './rpc/dismiss-group.js';
import { getGroup } from './rpc/get-group.js';
import { getGroups } from './rpc/get-groups.js';
import { getMembers } from './rpc/get-members.js';
import { getPartitionGroups } from './rpc/get-partition-groups.js';
import { inviteToGroup } from './rpc/invite-to-group.js';
import { joinGroup } from './rpc/join-group.js';
import { leaveGroup } from './rpc/leave-group.js';
import { listMembers } from './rpc/list-members.js';
import { listPartitionRequests } from './rpc/list-partition-requests.js';
import { listRequests } from './rpc/list-requests.js';
import { listUserRequests } from './rpc/list-user-requests.js';
import { withdrawRequests } from './rpc/withdraw-requests.js';

export interface GroupService {
  /**
   * To be offered at the address of the deps. Calls about a group or partition of another process are refused with
   * NOT_OWNER; several groups at once are looked up by any process.
   */
  readonly handlers: ServiceHandlers<typeof GroupContract>;
  /** Owns partitions until the signal is aborted; resolves when all are given up. To be called once. */
  run(signal: AbortSignal): Promise<void>;
  readonly owned: OwnedPartitions;
}

/** Owns groups: who is in them, what they show, and who may change that. */
export function createGroupService(deps: GroupServiceDeps): GroupService {
  const requests = new RequestIndexes();
  const groups = createAggregateHost(groupKind, deps, (view) => requests.open(view));
  const { clock, history, rules } = deps;
  const calls: GroupCalls = { groups, requests, clock, history, rules };
  return {
    handlers: {
      createGroup: (request, { signal }) => createGroup(calls, request, signal),
      dismissGroup: (request) => dismissGroup(calls, request),
      joinGroup: (request) => joinGroup(calls, request),
      inviteToGroup: (request, { signal }) => inviteToGroup(calls, request, signal),
      leaveGroup: (request) => leaveGroup(calls, request),
      changeGroup: (request, { signal }) => changeGroup(calls, request, signal),
      getGroup: async (request) => getGroup(calls, request),
      getGroups: (request, { signal }) => getGroups(deps, request, signal),
      getPartitionGroups: async (request) => getPartitionGroups(calls, request),
      getMembers: async (request) => getMembers(calls, request),
      listMembers: async (request) => listMembers(calls, request),
      listRequests: async (request) => listRequests(calls, request),
      listUserRequests: (request, { signal }) => listUserRequests(deps, request, signal),
      listPartitionRequests: async (request) => listPartitionRequests(calls, request),
      withdrawRequests: (request) => withdrawRequests(calls, request),
    },
    run: (signal) => groups.run(signal),
    owned: groups.owned,
  };
}
