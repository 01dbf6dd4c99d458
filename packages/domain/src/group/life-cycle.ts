import type { GroupCreated, GroupEvent } from '@parley/contracts/events';
import { hashBytes, ok, type Refusal, refusal, refused } from '@parley/kernel';
import type { CreateGroup, DismissedGroup, Group, OpenGroup } from '../group.js';
import { domainLimits } from '../limits.js';
import { memberLimitOf } from '../member-limit.js';
import { MemberSet } from '../member-set.js';
import { PersistentMap } from '../persistent-map.js';
import { refusalOfGroupAttributes } from './attributes.js';
import { type GroupDecision, invalidOperation, noGroupChange, type Operation } from './draft.js';
import { refusalOfGroupTexts } from './info.js';
import { groupOptionsOf, refusalOfGroupOptions } from './options.js';

/** Makes a group; one with the same owner and members, told twice, is no error. */
export function decideCreateGroup(group: Group, command: CreateGroup): GroupDecision {
  const { owner, name, avatar = '', notice = '', attributes = [] } = command;
  const members = [...new Set([owner, ...command.members])];
  const { groupInviteMax, groupMembersDefault, groupMembersCeiling } = domainLimits;
  if (members.length - 1 > groupInviteMax) return invalidOperation(`members: at most ${groupInviteMax}`);
  const creationHash = hashOfCreation(owner, members);
  if (group.type === 'open' && group.creationHash === creationHash) return noGroupChange;
  if (group.type !== 'absent') return refused(refusal('GROUP_EXISTS'));
  const wrong = refusalOfCreation(command);
  if (wrong !== undefined) return refused(wrong);
  const limit = memberLimitOf(command.memberLimit, groupMembersDefault, groupMembersCeiling);
  if (!limit.ok) return limit;
  if (members.length > limit.value) return refused(refusal('GROUP_FULL'));
  const options = command.options === undefined ? undefined : groupOptionsOf(command.options);
  const value = { name, owner, members, memberLimit: limit.value, creationHash, options, avatar, notice, attributes };
  return ok([{ operator: owner, change: { type: 'created', value } }]);
}

export const decideDismiss = (_: OpenGroup, { operator }: Operation<'dismiss'>): GroupDecision =>
  ok([{ operator, change: { type: 'dismissed', value: {} } }]);

/** A group as it starts. */
export function groupMade({ app, group, version, timeMs }: GroupEvent, created: GroupCreated): OpenGroup {
  const { name, owner, members, memberLimit, creationHash, options, avatar, notice, attributes } = created;
  return {
    type: 'open',
    app,
    group,
    version,
    name,
    avatar,
    notice,
    owner,
    admins: new Set(),
    members: MemberSet.of(members, timeMs),
    details: PersistentMap.empty(),
    memberLimit,
    createdMs: timeMs,
    creationHash,
    options: groupOptionsOf(options),
    attributes: new Map(attributes.map(({ key, value }) => [key, value])),
    mutes: [],
    requests: PersistentMap.empty(),
  };
}

/** What stays of a group at its end. */
export const groupDismissed = ({ app, group, owner, createdMs }: OpenGroup, version: number): DismissedGroup => ({
  type: 'dismissed',
  app,
  group,
  version,
  owner,
  createdMs,
});

function refusalOfCreation({ name, avatar = '', notice = '', attributes = [], options }: CreateGroup): Refusal | undefined {
  return refusalOfGroupTexts({ name, avatar, notice }) ?? refusalOfGroupAttributes(attributes) ?? refusalOfGroupOptions(options);
}

function hashOfCreation(owner: string, members: readonly string[]): number {
  return hashBytes(new TextEncoder().encode([owner, ...members.toSorted()].join('|')));
}
