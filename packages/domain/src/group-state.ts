import { createGroupState, type GroupState } from '@parley/contracts/events';
import { createGroupMember, type GroupMember, GroupRole } from '@parley/wire';
import type { Group, MemberDetails, OpenGroup } from './group.js';
import { groupOptionsOf } from './group/options.js';
import { MemberSet } from './member-set.js';
import { PersistentMap } from './persistent-map.js';

/** The group as a snapshot holds it. Throws for one that never was. */
export function groupToState(group: Group): GroupState {
  if (group.type === 'absent') throw new Error('an absent group has no state');
  const { app, version, owner, createdMs } = group;
  const head = { app, group: group.group, version, owner, createdMs };
  if (group.type === 'dismissed') return createGroupState({ ...head, isDismissed: true });
  const { name, avatar, notice, memberLimit, creationHash, options, mutes } = group;
  const joins = group.members.withTimes();
  return {
    ...head,
    ...{ name, avatar, notice, memberLimit, creationHash, options, mutes },
    isDismissed: false,
    members: joins.map(([user]) => user),
    joinedMs: joins.map(([, timeMs]) => timeMs),
    attributes: [...group.attributes].map(([key, value]) => ({ key, value })),
    details: detailsOf(group),
    requests: [...group.requests.entries()].map(([, request]) => request),
  };
}

/** The inverse of {@link groupToState}; also reads what was written before members had times, roles and names. */
export function groupFromState(state: GroupState): Group {
  const { app, group, version, owner, createdMs, joinedMs } = state;
  if (state.isDismissed) return { type: 'dismissed', app, group, version, owner, createdMs };
  const { name, avatar, notice, memberLimit, creationHash, mutes } = state;
  return {
    type: 'open',
    ...{ app, group, version, name, avatar, notice, owner, memberLimit, createdMs, creationHash, mutes },
    admins: new Set(state.details.filter(({ role }) => role === GroupRole.ADMIN).map(({ user }) => user)),
    members: MemberSet.since(state.members.map((user, i) => [user, joinedMs[i] ?? createdMs])),
    details: PersistentMap.of(state.details.flatMap(memberDetails)),
    options: groupOptionsOf(state.options),
    attributes: new Map(state.attributes.map(({ key, value }) => [key, value])),
    requests: PersistentMap.of(state.requests.map((request) => [request.user, request])),
  };
}

/** Admins come in their order, the others by id. */
function detailsOf(group: OpenGroup): readonly GroupMember[] {
  const { owner, admins, details } = group;
  const found = [...admins].map((user) => createGroupMember({ user, role: GroupRole.ADMIN, ...details.get(user) }));
  for (const [user, { nickname, invitedBy }] of details.entries()) {
    if (admins.has(user)) continue;
    const role = user === owner ? GroupRole.OWNER : GroupRole.MEMBER;
    found.push({ user, role, nickname, invitedBy, joinedMs: 0, mutedUntilMs: 0 });
  }
  return found;
}

function memberDetails({ user, nickname, invitedBy }: GroupMember): readonly (readonly [string, MemberDetails])[] {
  return nickname === '' && invitedBy === '' ? [] : [[user, { nickname, invitedBy }]];
}
