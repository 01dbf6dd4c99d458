import type { GroupEvent } from '@parley/contracts/events';
import type { AppId, ErrorName, GroupId, UserId } from '@parley/kernel';
import {
  createGroupOperation,
  createGroupOptions,
  type GroupAttribute,
  type GroupOperationInit,
  type GroupOptionsInit,
  GroupRole,
} from '@parley/wire';
import { decideGroup } from '../decide-group.js';
import { evolveGroup } from '../evolve-group.js';
import { type CreateGroup, type Group, type GroupCommand, initialGroup, type OpenGroup, type OperateGroup } from '../group.js';

export type Operator = UserId | '';

/** What every command of these tests says. */
export const head = { app: 'app' as AppId, group: 'team' as GroupId, timeMs: 1_000_000 };

export const [ann, bob, cid, dan, eve] = ['ann', 'bob', 'cid', 'dan', 'eve'] as UserId[] as [UserId, UserId, UserId, UserId, UserId];
export const backEnd = '';

export const usersNamed = (count: number): UserId[] => Array.from({ length: count }, (_, i) => `u${i}` as UserId);

export interface CreationInit {
  readonly name?: string;
  readonly memberLimit?: number;
  readonly options?: GroupOptionsInit;
  readonly avatar?: string;
  readonly notice?: string;
  readonly attributes?: readonly GroupAttribute[];
}

export const create = (owner: UserId, members: readonly UserId[] = [], { options, ...init }: CreationInit = {}): CreateGroup => ({
  ...{ ...head, type: 'create', name: 'Team', owner, members, memberLimit: 0 },
  ...(options === undefined ? {} : { options: createGroupOptions(options) }),
  ...init,
});

export type KindInit = NonNullable<GroupOperationInit['kind']>;

export const operate = (operator: Operator, kind: KindInit): OperateGroup => ({
  ...head,
  type: 'operate',
  operation: createGroupOperation({ kind }),
  operator,
});

export const join = (user: UserId, text = ''): OperateGroup => operate(user, { type: 'join', value: { text } });
export const invite = (operator: Operator, users: readonly string[], text = ''): OperateGroup =>
  operate(operator, { type: 'invite', value: { users, text } });
export const leave = (user: UserId): OperateGroup => operate(user, { type: 'leave', value: {} });
export const kick = (operator: Operator, ...users: string[]): OperateGroup => operate(operator, { type: 'kick', value: { users } });
export const dismiss = (operator: Operator): OperateGroup => operate(operator, { type: 'dismiss', value: {} });
export const transfer = (operator: Operator, user: string): OperateGroup => operate(operator, { type: 'transfer', value: { user } });
export const setRole = (operator: Operator, user: string, role: GroupRole): OperateGroup =>
  operate(operator, { type: 'setRole', value: { user, role } });
export const appoint = (operator: Operator, user: string): OperateGroup => setRole(operator, user, GroupRole.ADMIN);
export const nickname = (operator: Operator, user: string, name: string): OperateGroup =>
  operate(operator, { type: 'setNickname', value: { user, nickname: name } });
export const answer = (operator: Operator, user: string, isAccepted: boolean): OperateGroup =>
  operate(operator, { type: 'answerRequest', value: { user, isAccepted } });
export const setLimit = (operator: Operator, memberLimit: number): OperateGroup =>
  operate(operator, { type: 'setLimit', value: { memberLimit } });
export const setOptions = (operator: Operator, options: GroupOptionsInit): OperateGroup =>
  operate(operator, { type: 'setOptions', value: { options } });

/** Changes name, avatar and notice as far as they are given. */
export const update = (
  operator: Operator,
  texts: { readonly name?: string; readonly avatar?: string; readonly notice?: string },
): OperateGroup =>
  operate(operator, {
    type: 'updateInfo',
    value: Object.fromEntries(Object.entries(texts).map(([field, text]) => [field, { text }])),
  });

export const attributes = (operator: Operator, set: Readonly<Record<string, string>>, deleted: readonly string[] = []): OperateGroup =>
  operate(operator, { type: 'changeAttributes', value: { set: Object.entries(set).map(([key, value]) => ({ key, value })), deleted } });

export type MuteTarget = readonly string[] | GroupRole | 'everyone';

export const mute = (operator: Operator, target: MuteTarget, durationMs = 500): OperateGroup =>
  operate(operator, {
    type: 'mute',
    value: {
      ...(typeof target === 'number' ? { role: target } : typeof target === 'string' ? { isEveryone: true } : { users: target }),
      durationMs,
    },
  });

export const unmute = (operator: Operator, target: MuteTarget): OperateGroup => mute(operator, target, 0);

/** The same command at another time. */
export const at = <Command extends GroupCommand>(timeMs: number, command: Command): Command => ({ ...command, timeMs });

/** What the command leads to. Throws when it is refused. */
export function eventsOf(group: Group, command: GroupCommand): readonly GroupEvent[] {
  const decision = decideGroup(group, command);
  if (!decision.ok) throw new Error(`refused: ${decision.error.name} ${decision.error.detail ?? ''}`);
  return decision.value;
}

/** The changes that the command leads to; those besides members by their own type. */
export const typesOf = (group: Group, command: GroupCommand): readonly (string | undefined)[] =>
  eventsOf(group, command).map(({ change }) => (change?.type === 'changed' ? change.value.change?.type : change?.type));

export const applied = (group: Group, ...commands: GroupCommand[]): Group =>
  commands.reduce<Group>((folded, command) => eventsOf(folded, command).reduce(evolveGroup, folded), group);

/** The group that the commands lead to. */
export const after = (...commands: GroupCommand[]): Group => applied(initialGroup, ...commands);

/** The same for a group that must be there. */
export function open(group: Group): OpenGroup {
  if (group.type !== 'open') throw new Error('the group is not open');
  return group;
}

export const opened = (...commands: GroupCommand[]): OpenGroup => open(after(...commands));

export function refusalOf(group: Group, command: GroupCommand): ErrorName | undefined {
  const decision = decideGroup(group, command);
  return decision.ok ? undefined : decision.error.name;
}

/** The refusal with its detail. */
export function refusalTextOf(group: Group, command: GroupCommand): string {
  const decision = decideGroup(group, command);
  return decision.ok ? 'none' : `${decision.error.name} ${decision.error.detail ?? ''}`.trim();
}
