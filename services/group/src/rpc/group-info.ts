import type { GroupInfoInit } from '@parley/wire';
import type { Group, OpenGroup } from '@parley/domain';
import { ParleyError } from '@parley/kernel';

/** What callers learn about a group. Throws GROUP_NOT_FOUND where there is none. */
export function groupInfo(group: Group): GroupInfoInit {
  const { group: id, name, owner, members, version } = openGroup(group);
  return { group: id, name, owner, memberCount: members.size, version };
}

/** The group as its member (or, with an empty viewer, the back end) may see it. Throws GROUP_NOT_FOUND for others. */
export function visibleGroup(group: Group, viewer: string): OpenGroup {
  const open = openGroup(group);
  if (viewer !== '' && !open.members.has(viewer)) throw new ParleyError('GROUP_NOT_FOUND');
  return open;
}

function openGroup(group: Group): OpenGroup {
  if (group.type !== 'open') throw new ParleyError('GROUP_NOT_FOUND');
  return group;
}
