import { createChangeGroupResponse, createListMembersResponse, type GroupService } from '@parley/contracts/group';
import { ParleyError } from '@parley/kernel';
import type { ServiceClient } from '@parley/rpc';
import { createGroupInfo, createGroupRequest, type GroupInfo, type GroupInfoInit } from '@parley/wire';
import { Calls, unexpected } from './calls.js';

type Client = ServiceClient<typeof GroupService>;

/** A group service that lets everybody do everything but dismiss groups. */
export class FakeGroup implements Client {
  readonly calls = new Calls<keyof Client>();
  /** Users whose joining waits for somebody's yes. */
  readonly asked: string[] = [];
  readonly getPartitionGroups = unexpected;
  readonly withdrawRequests = unexpected;
  readonly listPartitionRequests = unexpected;

  constructor() {
    this.calls.failures.set('dismissGroup', new ParleyError('PERMISSION_DENIED'));
  }

  readonly createGroup: Client['createGroup'] = async (request) => {
    await this.calls.note('createGroup', request);
    return { group: group(request.group, { avatar: request.avatar, options: request.options }) };
  };
  readonly joinGroup: Client['joinGroup'] = async (request) => ({ group: group(request.group) });
  readonly inviteToGroup: Client['inviteToGroup'] = async (request) => ({ group: group(request.group) });
  readonly getGroup: Client['getGroup'] = async (request) => ({ group: group(request.group) });
  readonly leaveGroup: Client['leaveGroup'] = async () => ({});
  readonly dismissGroup: Client['dismissGroup'] = async (request) => {
    await this.calls.note('dismissGroup', request);
    return {};
  };
  readonly listMembers: Client['listMembers'] = async (request) => {
    await this.calls.note('listMembers', request);
    const members = [{ user: 'alice', role: 3 as const }, { user: 'bob' }];
    return createListMembersResponse({ users: ['alice', 'bob'], memberCount: 2, members, version: 7 });
  };
  readonly changeGroup: Client['changeGroup'] = async (request) => {
    await this.calls.note('changeGroup', request);
    const asked = this.asked.filter((user) => user === request.operator);
    const users = asked.length === 0 ? [request.operator ?? ''] : [];
    return createChangeGroupResponse({ group: group(request.group), users, asked });
  };
  readonly getMembers: Client['getMembers'] = async (request) => {
    await this.calls.note('getMembers', request);
    return { members: [{ user: 'bob', role: 1, nickname: 'Bobby', joinedMs: 5, invitedBy: '', mutedUntilMs: 0 }] };
  };
  readonly listRequests: Client['listRequests'] = async (request) => {
    await this.calls.note('listRequests', request);
    return { requests: [createGroupRequest({ user: 'carol', kind: 1, text: 'hi', sentMs: 5, state: 1 })], nextPage: 'more' };
  };
  readonly listUserRequests: Client['listUserRequests'] = async (request) => {
    await this.calls.note('listUserRequests', request);
    return { requests: [createGroupRequest({ user: request.user, kind: 2, group: 'club', groupName: 'Club' })] };
  };
  readonly getGroups: Client['getGroups'] = async (request) => {
    await this.calls.note('getGroups', request);
    return { groups: (request.groups ?? []).map((id) => group(id)) };
  };
}

const group = (id: string | undefined, more: GroupInfoInit = {}): GroupInfo =>
  createGroupInfo({ group: id ?? '', name: 'n', owner: 'alice', memberCount: 2, version: 1, ...more });
