import type { GroupOperationInit, GroupResult } from '@parley/wire';
import { ParleyClientError } from '../client-error.js';
import type { ClientParts } from '../client-parts.js';
import { Conversation, type FullConversationDeps } from '../conversation/conversation.js';
import {
  type GroupBehaviour,
  type GroupMemberInfo,
  groupMemberOf,
  groupOptionsToWire,
  type GroupRequestInfo,
  groupRequestOf,
  type GroupRoleName,
  groupRoleNumber,
  type GroupView,
  groupViewOf,
} from './group-details.js';

/** What a change of a group answers with. */
export interface GroupOutcome {
  /** The group after the change; undefined for who is not in it. */
  readonly group: GroupView | undefined;
  /** Whom it concerned: who was invited, kicked, muted, … */
  readonly users: readonly string[];
  /** Those who are asked first: they are in once somebody has said yes. */
  readonly asked: readonly string[];
}

export interface GroupMembersPage {
  readonly members: readonly GroupMemberInfo[];
  /** Their ids, in the same order. */
  readonly users: readonly string[];
  readonly memberCount: number;
  /** Of the group. */
  readonly version: number;
  /** Empty on the last page. */
  readonly nextPage: string;
}

export interface GroupMembersQuery {
  readonly page?: string;
  readonly limit?: number;
  readonly role?: GroupRoleName;
  /** Only these, at most 100. */
  readonly users?: readonly string[];
  /** The `version` of an earlier answer: while the group still has it nobody is listed. */
  readonly ifChangedSince?: number;
}

type Kind = NonNullable<GroupOperationInit['kind']>;

/** A change is made only while the group still has this version; else VERSION_CONFLICT. */
export interface GroupCondition {
  readonly ifVersion?: number;
}

/** A group: its conversation, who is in it, and what may be done to it (docs/groups.md says by whom). */
export class Group extends Conversation {
  readonly group: string;
  readonly #parts: ClientParts;

  constructor(group: string, deps: FullConversationDeps) {
    super(`g:${group}`, deps);
    this.group = group;
    this.#parts = deps.parts;
  }

  /** Throws GROUP_NOT_FOUND for who is not in it. */
  async info(): Promise<GroupView> {
    const body = { type: 'getGroups', value: { groups: [this.group] } } as const;
    const { groups } = await this.#parts.requests.call({ body, expect: 'groups', isRepeatable: true });
    const [info] = groups;
    if (info === undefined) throw ParleyClientError.of('GROUP_NOT_FOUND');
    return groupViewOf(info);
  }

  /** A page of those who are in, or the ones named (at most 100). */
  async members(query: GroupMembersQuery = {}): Promise<GroupMembersPage> {
    const { users, role, page, limit, ifChangedSince } = query;
    const value = { group: this.group, page, limit, ifChangedSince, role: role && groupRoleNumber(role) };
    const body =
      users === undefined
        ? ({ type: 'listGroupMembers', value } as const)
        : ({ type: 'getGroupMembers', value: { group: this.group, users } } as const);
    const found = await this.#parts.requests.call({ body, expect: 'members', isRepeatable: true });
    const { users: ids, groupMembers, memberCount, version, nextPage } = found;
    return { members: groupMembers.map(groupMemberOf), users: ids, memberCount, version, nextPage };
  }

  /** Comes in, or asks to: then the own id is under `asked`. */
  join(text?: string): Promise<GroupOutcome> {
    return this.#operate({ type: 'join', value: { text } }, { isRepeatable: true });
  }

  /** At most 100. */
  invite(users: readonly string[], text?: string): Promise<GroupOutcome> {
    return this.#operate({ type: 'invite', value: { users, text } });
  }

  kick(users: readonly string[]): Promise<GroupOutcome> {
    return this.#operate({ type: 'kick', value: { users } });
  }

  /** The owner's place goes to the longest admin, else to the longest member; the last one dismisses the group. */
  async leave(): Promise<void> {
    await this.#operate({ type: 'leave', value: {} });
  }

  async dismiss(): Promise<void> {
    await this.#operate({ type: 'dismiss', value: {} }, { isRepeatable: true });
  }

  /** Makes another member the owner. */
  transfer(user: string): Promise<GroupOutcome> {
    return this.#operate({ type: 'transfer', value: { user } }, { isRepeatable: true });
  }

  setRole(user: string, role: 'member' | 'admin'): Promise<GroupOutcome> {
    return this.#operate({ type: 'setRole', value: { user, role: groupRoleNumber(role) } }, { isRepeatable: true });
  }

  /** Empty: none. Without a user the own one. */
  setNickname(nickname: string, user = this.#parts.self()): Promise<GroupOutcome> {
    return this.#operate({ type: 'setNickname', value: { user, nickname } }, { isRepeatable: true });
  }

  /** What is absent stays. */
  update(info: { name?: string; avatar?: string; notice?: string }, condition: GroupCondition = {}): Promise<GroupOutcome> {
    const { name, avatar, notice } = info;
    const value = { name: textOf(name), avatar: textOf(avatar), notice: textOf(notice) };
    return this.#operate({ type: 'updateInfo', value }, repeatable(condition));
  }

  setAttributes(attributes: Readonly<Record<string, string>>, condition: GroupCondition = {}): Promise<GroupOutcome> {
    const set = Object.entries(attributes).map(([key, value]) => ({ key, value }));
    return this.#operate({ type: 'changeAttributes', value: { set } }, repeatable(condition));
  }

  deleteAttributes(deleted: readonly string[], condition: GroupCondition = {}): Promise<GroupOutcome> {
    return this.#operate({ type: 'changeAttributes', value: { deleted } }, repeatable(condition));
  }

  /** Members, or everybody of a role; `settings.mute` is about one's own notifications. */
  mute(whom: readonly string[] | { readonly role: 'member' | 'admin' }, durationMs: number): Promise<GroupOutcome> {
    const target = 'role' in whom ? { role: groupRoleNumber(whom.role) } : { users: whom };
    return this.#operate({ type: 'mute', value: { ...target, durationMs } }, { isRepeatable: true });
  }

  unmute(whom: readonly string[] | { readonly role: 'member' | 'admin' }): Promise<GroupOutcome> {
    return this.mute(whom, 0);
  }

  /** Everybody but the owner; 0 lifts it. */
  muteAll(durationMs: number): Promise<GroupOutcome> {
    return this.#operate({ type: 'mute', value: { isEveryone: true, durationMs } }, { isRepeatable: true });
  }

  unmuteAll(): Promise<GroupOutcome> {
    return this.muteAll(0);
  }

  /** Replaces all: what is left out gets its default. */
  setOptions(options: Partial<GroupBehaviour>, condition: GroupCondition = {}): Promise<GroupOutcome> {
    return this.#operate({ type: 'setOptions', value: { options: groupOptionsToWire(options) } }, repeatable(condition));
  }

  /** Requests that wait, and those that were answered of late: for owner and admins all, for others those about themselves. */
  async requests(query: { page?: string; limit?: number } = {}): Promise<{ requests: readonly GroupRequestInfo[]; nextPage: string }> {
    const body = { type: 'listGroupRequests', value: { group: this.group, ...query } } as const;
    const { requests, nextPage } = await this.#parts.requests.call({ body, expect: 'groupRequests', isRepeatable: true });
    return { requests: requests.map(groupRequestOf), nextPage };
  }

  /** Answers a user's wish to join, or an invitation of one's own. */
  answer(user: string, isAccepted: boolean): Promise<GroupOutcome> {
    return this.#operate({ type: 'answerRequest', value: { user, isAccepted } }, { isRepeatable: true });
  }

  async #operate(kind: Kind, options: GroupCondition & { readonly isRepeatable?: boolean } = {}): Promise<GroupOutcome> {
    const { ifVersion, isRepeatable = false } = options;
    const body = { type: 'changeGroup', value: { group: this.group, operation: { kind }, ifVersion } } as const;
    return outcomeOf(await this.#parts.requests.call({ body, expect: 'groupResult', isRepeatable }));
  }
}

/** What depends on a version would find its own change when it is repeated. */
const repeatable = ({ ifVersion }: GroupCondition) => (ifVersion === undefined ? { isRepeatable: true } : { ifVersion });

const textOf = (text: string | undefined) => (text === undefined ? undefined : { text });

const outcomeOf = ({ group, users, asked }: GroupResult): GroupOutcome => ({ group: group && groupViewOf(group), users, asked });
