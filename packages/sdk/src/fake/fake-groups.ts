import type { ErrorName } from '@parley/kernel';
import {
  type ClientFrame,
  type ConversationEventInit,
  type GroupChangeInit,
  type GroupInfoInit,
  type GroupOperation,
  type GroupOptionsInit,
  GroupRequestKind,
  type GroupRequestInit,
  GroupRole,
  InviteeMode,
  JoinMode,
  RequestState,
  type ServerFrameInit,
} from '@parley/wire';
import type { ManualClock } from './manual-clock.js';

type Body = NonNullable<ServerFrameInit['body']>;
type Request = NonNullable<ClientFrame['body']>;
type Kind = NonNullable<GroupOperation['kind']>;

/** A group as the fake server keeps it. */
export interface FakeGroup {
  readonly id: string;
  readonly members: Set<string>;
  readonly admins: Set<string>;
  readonly nicknames: Map<string, string>;
  readonly attributes: Map<string, string>;
  readonly mutes: Map<string, number>;
  readonly requests: Map<string, GroupRequestInit>;
  readonly createdMs: number;
  name: string;
  avatar: string;
  notice: string;
  owner: string;
  options: GroupOptionsInit;
  version: number;
  isDismissed: boolean;
}

export interface FakeGroupsOptions {
  readonly clock: ManualClock;
  refuse(name: ErrorName): Body;
  /** The members of a conversation, to be changed in place. */
  members(conversation: string): Set<string>;
  append(conversation: string, event: ConversationEventInit): void;
  notify(conversation: string, event: ConversationEventInit, users: Iterable<string>): void;
}

/** The groups of the fake server, with simple rules for roles: owner and admins may everything, members little. */
export class FakeGroups {
  readonly all = new Map<string, FakeGroup>();
  readonly #options: FakeGroupsOptions;
  #made = 0;

  constructor(options: FakeGroupsOptions) {
    this.#options = options;
  }

  /** Undefined for what is no request about groups. */
  answer(user: string, body: Request): Body | undefined {
    const { refuse } = this.#options;
    switch (body.type) {
      case 'createGroup': {
        const { group, members, ...rest } = body.value;
        if (this.all.has(group)) return refuse('GROUP_EXISTS');
        return {
          type: 'group',
          value: this.#info(this.#make(user, { ...rest, id: group === '' ? `group-${++this.#made}` : group, members })),
        };
      }
      case 'getGroups': {
        const groups = body.value.groups.map((id) => this.all.get(id)).filter((group) => group?.members.has(user) === true);
        return { type: 'groups', value: { groups: groups.map((group) => this.#info(group as FakeGroup)) } };
      }
      case 'changeGroup': {
        const group = this.all.get(body.value.group);
        if (group === undefined || group.isDismissed) return refuse('GROUP_NOT_FOUND');
        if (body.value.ifVersion > 0 && body.value.ifVersion !== group.version) return refuse('VERSION_CONFLICT');
        return body.value.operation?.kind === undefined
          ? refuse('INVALID_ARGUMENT')
          : this.#operate(user, group, body.value.operation.kind);
      }
      case 'listGroupMembers': {
        const { group, ifChangedSince } = body.value;
        const isUnchanged = ifChangedSince > 0 && ifChangedSince === this.all.get(group)?.version;
        return this.#members(user, group, isUnchanged ? [] : undefined);
      }
      case 'getGroupMembers':
        return this.#members(user, body.value.group, body.value.users);
      case 'listGroupRequests': {
        const ofGroup = (group: FakeGroup | undefined): readonly GroupRequestInit[] => [...(group?.requests.values() ?? [])];
        const own = (): readonly GroupRequestInit[] => [...this.all.values()].flatMap(ofGroup).filter((request) => request.user === user);
        const requests = body.value.group === '' ? own() : ofGroup(this.all.get(body.value.group));
        return { type: 'groupRequests', value: { requests: requests.filter(({ state }) => state === RequestState.WAITING) } };
      }
      default:
        return undefined;
    }
  }

  /** Makes a group as if its owner had. */
  make(owner: string, id: string, members: readonly string[] = []): FakeGroup {
    return this.#make(owner, { id, members, name: id, avatar: '', notice: '', options: undefined, attributes: [] });
  }

  #make(
    owner: string,
    {
      id,
      members,
      name,
      avatar,
      notice,
      options,
      attributes,
    }: Omit<Extract<Request, { type: 'createGroup' }>['value'], 'group'> & { id: string },
  ): FakeGroup {
    const inside = this.#options.members(`g:${id}`);
    const group: FakeGroup = {
      ...{ id, members: inside, name, avatar, notice, owner, options: options ?? {}, version: 0, isDismissed: false },
      ...{ admins: new Set(), nicknames: new Map(), mutes: new Map(), requests: new Map(), createdMs: this.#options.clock.now() },
      attributes: new Map(attributes.map(({ key, value }) => [key, value])),
    };
    this.all.set(id, group);
    this.#move(group, { joined: [owner, ...members.filter((member) => member !== owner)], operator: owner });
    return group;
  }

  #operate(user: string, group: FakeGroup, kind: Kind): Body {
    const { refuse } = this.#options;
    const isModerator = user === group.owner || group.admins.has(user);
    const isFree = ['join', 'leave', 'answerRequest', 'setNickname', 'invite'].includes(kind.type);
    if (!isModerator && !isFree) return refuse('PERMISSION_DENIED');
    if (!group.members.has(user) && !['join', 'answerRequest'].includes(kind.type)) return refuse('GROUP_NOT_FOUND');
    switch (kind.type) {
      case 'join':
        return this.#comeIn(group, [user], {
          kind: GroupRequestKind.JOIN,
          text: kind.value.text,
          asks: group.options.joinMode === JoinMode.APPROVAL,
        });
      case 'invite': {
        const asks = group.options.inviteeMode === InviteeMode.CONSENT;
        return this.#comeIn(group, kind.value.users, { kind: GroupRequestKind.INVITATION, text: kind.value.text, asks, invitedBy: user });
      }
      case 'answerRequest':
        return this.#answer(user, group, kind.value);
      case 'leave':
      case 'kick': {
        const left = (kind.type === 'leave' ? [user] : kind.value.users).filter((member) => group.members.has(member));
        this.#move(group, { left, operator: kind.type === 'kick' ? user : '' });
        return this.#result(group, left);
      }
      case 'dismiss':
        group.isDismissed = true;
        this.#move(group, { left: [...group.members], closed: true, operator: user });
        return this.#result(group, []);
      default:
        return this.#change(user, group, kind);
    }
  }

  #comeIn(
    group: FakeGroup,
    users: readonly string[],
    how: { kind: GroupRequestKind; text: string; asks: boolean; invitedBy?: string },
  ): Body {
    const news = users.filter((user) => !group.members.has(user));
    if (!how.asks) {
      if (news.length > 0) this.#move(group, { joined: news, operator: how.invitedBy ?? '' });
      return this.#result(group, news);
    }
    for (const user of news) {
      const request = {
        user,
        kind: how.kind,
        text: how.text,
        invitedBy: how.invitedBy ?? '',
        sentMs: this.#options.clock.now(),
        state: RequestState.WAITING,
      };
      this.#request(group, request);
    }
    return this.#result(group, [], news);
  }

  #answer(user: string, group: FakeGroup, { user: whom, isAccepted }: { readonly user: string; readonly isAccepted: boolean }): Body {
    const request = group.requests.get(whom);
    if (request === undefined || request.state !== RequestState.WAITING) return this.#options.refuse('REQUEST_NOT_FOUND');
    const state = isAccepted ? RequestState.ACCEPTED : RequestState.REJECTED;
    this.#request(group, { ...request, state, answeredBy: user, answeredMs: this.#options.clock.now() });
    if (isAccepted) this.#move(group, { joined: [whom], operator: user });
    return this.#result(group, [whom]);
  }

  #request(group: FakeGroup, asked: GroupRequestInit): void {
    const groupName = asked.kind === GroupRequestKind.INVITATION ? group.name : '';
    const request = { ...asked, group: group.id, groupName };
    group.requests.set(request.user ?? '', request);
    const told = new Set([group.owner, ...group.admins, request.user ?? '']);
    this.#options.notify(`g:${group.id}`, { body: { type: 'groupRequest', value: { request } } }, told);
  }

  #change(user: string, group: FakeGroup, kind: Kind): Body {
    const { change, users } = this.#changeOf(group, kind);
    group.version++;
    const value: GroupChangeInit = { version: group.version, change };
    this.#options.append(`g:${group.id}`, { sender: user, body: { type: 'groupChange', value } });
    return this.#result(group, users);
  }

  #changeOf(group: FakeGroup, kind: Kind): { change: GroupChangeInit['change']; users: readonly string[] } {
    const { clock } = this.#options;
    switch (kind.type) {
      case 'updateInfo':
        group.name = kind.value.name?.text ?? group.name;
        group.avatar = kind.value.avatar?.text ?? group.avatar;
        group.notice = kind.value.notice?.text ?? group.notice;
        return { change: { type: 'info', value: kind.value }, users: [] };
      case 'changeAttributes':
        for (const key of kind.value.deleted) group.attributes.delete(key);
        for (const { key, value } of kind.value.set) group.attributes.set(key, value);
        return { change: { type: 'attributes', value: kind.value }, users: [] };
      case 'setRole':
        if (kind.value.role === GroupRole.ADMIN) group.admins.add(kind.value.user);
        else group.admins.delete(kind.value.user);
        return { change: { type: 'role', value: kind.value }, users: [kind.value.user] };
      case 'setNickname':
        group.nicknames.set(kind.value.user, kind.value.nickname);
        return { change: { type: 'nickname', value: kind.value }, users: [kind.value.user] };
      case 'transfer':
        group.admins.add(group.owner);
        group.owner = kind.value.user;
        return { change: { type: 'owner', value: { owner: kind.value.user } }, users: [kind.value.user] };
      case 'setOptions':
        group.options = kind.value.options ?? {};
        return { change: { type: 'options', value: group.options }, users: [] };
      case 'mute': {
        const untilMs = kind.value.durationMs === 0 ? 0 : clock.now() + kind.value.durationMs;
        for (const user of kind.value.users) group.mutes.set(user, untilMs);
        const mutes =
          kind.value.users.length > 0 ? kind.value.users.map((user) => ({ user, untilMs })) : [{ role: kind.value.role, untilMs }];
        return { change: { type: 'mutes', value: { mutes } }, users: kind.value.users };
      }
      default:
        return { change: undefined, users: [] };
    }
  }

  /** Who left is told, who comes in sees nothing before. */
  #move(group: FakeGroup, change: { joined?: readonly string[]; left?: readonly string[]; operator: string; closed?: boolean }): void {
    const { joined = [], left = [], operator, closed = false } = change;
    for (const user of joined) group.members.add(user);
    group.version++;
    const value = { joined, left, closed, operator, version: group.version, memberCount: group.members.size - left.length };
    this.#options.append(`g:${group.id}`, { body: { type: 'membership', value } });
    for (const user of left) group.members.delete(user);
  }

  #members(user: string, id: string, users?: readonly string[]): Body {
    const group = this.all.get(id);
    if (group === undefined || !group.members.has(user)) return this.#options.refuse('GROUP_NOT_FOUND');
    const listed = [...group.members].filter((member) => users === undefined || users.includes(member));
    const groupMembers = listed.map((member) => ({
      user: member,
      role: member === group.owner ? GroupRole.OWNER : group.admins.has(member) ? GroupRole.ADMIN : GroupRole.MEMBER,
      nickname: group.nicknames.get(member),
      mutedUntilMs: group.mutes.get(member),
    }));
    return { type: 'members', value: { users: listed, groupMembers, memberCount: group.members.size, version: group.version } };
  }

  #info(group: FakeGroup): GroupInfoInit {
    const { id, name, owner, avatar, notice, options, version, createdMs, isDismissed } = group;
    return {
      ...{ group: id, name, owner, avatar, notice, options, version, createdMs, isDismissed },
      ...{ memberCount: group.members.size, memberLimit: 2_000, admins: [...group.admins] },
      attributes: [...group.attributes].map(([key, value]) => ({ key, value })),
    };
  }

  #result(group: FakeGroup, users: readonly string[], asked: readonly string[] = []): Body {
    return { type: 'groupResult', value: { group: this.#info(group), users, asked } };
  }
}
