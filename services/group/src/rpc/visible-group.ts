import { type Group, groupInfoOf, type OpenGroup } from '@parley/domain';
import { ParleyError } from '@parley/kernel';
import type { GroupInfo } from '@parley/wire';

/** Whether the viewer (empty: the back end) may know the group. */
export const isVisible = (group: Group, viewer: string): group is OpenGroup =>
  group.type === 'open' && (viewer === '' || group.members.has(viewer));

/** The group as its member (or the back end) may see it. Throws GROUP_NOT_FOUND for others and where there is none. */
export function visibleGroup(group: Group, viewer: string): OpenGroup {
  if (!isVisible(group, viewer)) throw new ParleyError('GROUP_NOT_FOUND');
  return group;
}

/** What the viewer learns of the group; undefined for who may not know it. */
export const visibleInfo = (group: Group, viewer: string): GroupInfo | undefined =>
  isVisible(group, viewer) ? groupInfoOf(group, viewer) : undefined;
