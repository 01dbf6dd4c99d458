import type { GroupEvent } from '@parley/contracts/events';
import type { GroupChange } from '@parley/wire';
import type { Group, OpenGroup } from './group.js';
import { foldGroupAttributes } from './group/attributes.js';
import type { GroupFold } from './group/draft.js';
import { foldGroupInfo, foldNickname } from './group/info.js';
import { groupDismissed, groupMade } from './group/life-cycle.js';
import { foldGroupLeft, foldJoined } from './group/membership.js';
import { foldMutes } from './group/mutes.js';
import { groupOptionsOf } from './group/options.js';
import { foldRequest } from './group/requests.js';
import { foldGroupOwner, foldGroupRole } from './group/roles.js';

/** The group after the event. Throws on an event that cannot follow: then the log is not what it should be. */
export function evolveGroup(group: Group, event: GroupEvent): Group {
  const { change, version } = event;
  if (change?.type === 'created') return groupMade(event, change.value);
  if (group.type !== 'open') throw new Error(`group event '${change?.type}' without a group`);
  if (change?.type === 'dismissed') return groupDismissed(group, version);
  return { ...group, ...foldOf(group, event), version };
}

function foldOf(group: OpenGroup, { change, timeMs }: GroupEvent): GroupFold {
  switch (change?.type) {
    case 'joined':
      return foldJoined(group, change.value, timeMs);
    case 'left':
      return foldGroupLeft(group, change.value, timeMs);
    case 'requested':
      return foldRequest(group, change.value, timeMs);
    case 'changed':
      return foldChanged(group, change.value, timeMs);
    default:
      throw unknownKind();
  }
}

function foldChanged(group: OpenGroup, { change }: GroupChange, timeMs: number): GroupFold {
  switch (change?.type) {
    case 'info':
      return foldGroupInfo(group, change.value);
    case 'attributes':
      return foldGroupAttributes(group, change.value);
    case 'role':
      return foldGroupRole(group, change.value);
    case 'owner':
      return foldGroupOwner(group, change.value);
    case 'nickname':
      return foldNickname(group, change.value);
    case 'mute':
      return foldMutes(group, [change.value], timeMs);
    case 'mutes':
      return foldMutes(group, change.value.mutes, timeMs);
    case 'options':
      return { options: groupOptionsOf(change.value) };
    case 'limit':
      return { memberLimit: change.value.memberLimit };
    default:
      throw unknownKind();
  }
}

/** A change of a newer version of the program: what it means is unknown, going on would be a guess. */
const unknownKind = (): Error => new Error('group event of an unknown kind');
