import {
  type GroupChange,
  type GroupInfo,
  type GroupMember,
  type GroupMute,
  type GroupOptions,
  type GroupOptionsInit,
  type GroupRequest,
  GroupRequestKind,
  GroupRole,
  HistoryAccess,
  InviteeMode,
  InviteMode,
  JoinMode,
  type RequestState,
} from '@parley/wire';

export type GroupRoleName = 'member' | 'admin' | 'owner';

/** How a group behaves. */
export interface GroupBehaviour {
  /** Who comes in by themselves: everybody, who is let in by owner or admins, nobody. */
  readonly join: 'open' | 'approval' | 'closed';
  readonly invite: 'members' | 'admins';
  /** Whether those who are invited are asked first. */
  readonly invitees: 'direct' | 'consent';
  /** What new members may read: what was said since they joined, or everything. */
  readonly historyAccess: 'from-join' | 'from-start';
  /** Every member may change name, avatar, notice and attributes; else owner and admins. */
  readonly isEditableByMembers: boolean;
  readonly isPinningByMembers: boolean;
  /** Between two messages of a member; owner and admins are free of it. */
  readonly slowModeMs: number;
  /** Messages go so long after they were sent; 0: they stay. */
  readonly destroyAfterMs: number;
}

/** Who may not speak, and until when. */
export interface GroupMuteEntry {
  /** One member; empty where a role is muted. */
  readonly user: string;
  readonly role: 'member' | 'admin' | undefined;
  /** Milliseconds since 1970 (UTC); 0: lifted. */
  readonly untilMs: number;
}

/** A group as its members see it. */
export interface GroupView {
  readonly group: string;
  readonly name: string;
  readonly avatar: string;
  readonly notice: string;
  readonly owner: string;
  readonly admins: readonly string[];
  readonly attributes: ReadonlyMap<string, string>;
  readonly options: GroupBehaviour;
  /** Of roles and of oneself; owner and admins see those of all. */
  readonly mutes: readonly GroupMuteEntry[];
  readonly memberCount: number;
  readonly memberLimit: number;
  /** One more with each change. */
  readonly version: number;
  readonly createdMs: number;
  /** More than 2 000 members allowed: no read lists. */
  readonly isLarge: boolean;
  readonly isDismissed: boolean;
}

/** One who is in a group. */
export interface GroupMemberInfo {
  readonly user: string;
  readonly role: GroupRoleName;
  readonly nickname: string;
  readonly joinedMs: number;
  readonly invitedBy: string;
  /** 0: may speak. */
  readonly mutedUntilMs: number;
}

export type RequestStateName = 'waiting' | 'accepted' | 'rejected' | 'expired';

/** A wish to join, or an invitation that waits for a yes. */
export interface GroupRequestInfo {
  readonly group: string;
  /** Of an invitation; empty for a wish to join, and where an older server tells it. */
  readonly groupName: string;
  /** Whom it is about. */
  readonly user: string;
  /** `join` is answered by owner or admins, `invitation` by the user. */
  readonly kind: 'join' | 'invitation';
  readonly invitedBy: string;
  readonly text: string;
  readonly sentMs: number;
  readonly state: RequestStateName;
  readonly answeredBy: string;
  readonly answeredMs: number;
}

/** What changed in a group; undefined for kinds that this version of the SDK does not know. */
export type GroupChangeDetails =
  | { readonly type: 'info'; readonly name?: string; readonly avatar?: string; readonly notice?: string }
  | { readonly type: 'attributes'; readonly set: ReadonlyMap<string, string>; readonly deleted: readonly string[] }
  | { readonly type: 'role'; readonly user: string; readonly role: GroupRoleName }
  | { readonly type: 'owner'; readonly owner: string }
  | { readonly type: 'nickname'; readonly user: string; readonly nickname: string }
  | { readonly type: 'mutes'; readonly mutes: readonly GroupMuteEntry[] }
  | { readonly type: 'options'; readonly options: GroupBehaviour }
  | { readonly type: 'limit'; readonly memberLimit: number };

const roleNames = ['member', 'member', 'admin', 'owner'] as const;
const stateNames = ['waiting', 'waiting', 'accepted', 'rejected', 'expired'] as const;

const groupRoleName = (role: GroupRole): GroupRoleName => roleNames[role] ?? 'member';
export const groupRoleNumber = (role: GroupRoleName): GroupRole => roleNames.lastIndexOf(role) as GroupRole;
export const requestStateName = (state: RequestState): RequestStateName => stateNames[state] ?? 'waiting';

function groupBehaviourOf(options: GroupOptions | undefined): GroupBehaviour {
  const join = options?.joinMode;
  return {
    join: join === JoinMode.APPROVAL ? 'approval' : join === JoinMode.CLOSED ? 'closed' : 'open',
    invite: options?.inviteMode === InviteMode.ADMINS ? 'admins' : 'members',
    invitees: options?.inviteeMode === InviteeMode.CONSENT ? 'consent' : 'direct',
    historyAccess: options?.historyAccess === HistoryAccess.FROM_START ? 'from-start' : 'from-join',
    isEditableByMembers: options?.isEditableByMembers ?? false,
    isPinningByMembers: options?.isPinningByMembers ?? false,
    slowModeMs: options?.slowModeMs ?? 0,
    destroyAfterMs: options?.destroyAfterMs ?? 0,
  };
}

export function groupOptionsToWire(behaviour: Partial<GroupBehaviour>): GroupOptionsInit {
  const { join = 'open', invite, invitees, historyAccess, ...rest } = behaviour;
  return {
    ...rest,
    joinMode: { open: JoinMode.OPEN, approval: JoinMode.APPROVAL, closed: JoinMode.CLOSED }[join],
    inviteMode: invite === 'admins' ? InviteMode.ADMINS : InviteMode.MEMBERS,
    inviteeMode: invitees === 'consent' ? InviteeMode.CONSENT : InviteeMode.DIRECT,
    historyAccess: historyAccess === 'from-start' ? HistoryAccess.FROM_START : HistoryAccess.FROM_JOIN,
  };
}

function groupMuteOf({ user, role, untilMs }: GroupMute): GroupMuteEntry {
  return { user, role: user !== '' ? undefined : role === GroupRole.ADMIN ? 'admin' : 'member', untilMs };
}

export const groupViewOf = (info: GroupInfo): GroupView => ({
  ...info,
  attributes: new Map(info.attributes.map(({ key, value }) => [key, value])),
  options: groupBehaviourOf(info.options),
  mutes: info.mutes.map(groupMuteOf),
});

export const groupMemberOf = (member: GroupMember): GroupMemberInfo => ({ ...member, role: groupRoleName(member.role) });

export const groupRequestOf = (request: GroupRequest): GroupRequestInfo => ({
  ...request,
  kind: request.kind === GroupRequestKind.INVITATION ? 'invitation' : 'join',
  state: requestStateName(request.state),
});

export function groupChangeOf({ change }: GroupChange): GroupChangeDetails | undefined {
  switch (change?.type) {
    case 'info':
      return { type: 'info', ...presentTexts(change.value) };
    case 'attributes': {
      const { set, deleted } = change.value;
      return { type: 'attributes', set: new Map(set.map(({ key, value }) => [key, value])), deleted };
    }
    case 'role':
      return { type: 'role', user: change.value.user, role: groupRoleName(change.value.role) };
    case 'mute':
      return { type: 'mutes', mutes: [groupMuteOf(change.value)] };
    case 'mutes':
      return { type: 'mutes', mutes: change.value.mutes.map(groupMuteOf) };
    case 'options':
      return { type: 'options', options: groupBehaviourOf(change.value) };
    case 'nickname':
    case 'owner':
    case 'limit':
      return { type: change.type, ...change.value } as GroupChangeDetails;
    default:
      return undefined;
  }
}

/** The texts of those fields that are there. */
function presentTexts<Field extends string>(
  fields: { readonly [Name in Field]: { readonly text: string } | undefined },
): {
  [Name in Field]?: string;
} {
  const texts: { [Name in Field]?: string } = {};
  for (const name of Object.keys(fields) as Field[]) {
    const field = fields[name];
    if (field !== undefined) texts[name] = field.text;
  }
  return texts;
}
