import { describe, expect, it } from '@jest/globals';
import { GroupRole, InviteMode, JoinMode } from '@parley/wire';
import { type Group, initialGroup } from '../group.js';
import * as make from '../testing/group-fixture.js';
import { after, ann, bob, cid, dan, eve, type KindInit, type Operator, refusalTextOf } from '../testing/group-fixture.js';
import type { GroupOperationType } from './draft.js';
import { type GroupActor, groupPermissions, type Permission, type PermissionRow } from './permissions.js';

// Ann owns the group, bob and ada are admins, cid and dan members, eve is a stranger.
const ada = 'ada';
const operators: Readonly<Record<GroupActor, Operator>> = { owner: ann, admin: bob, member: cid, outsider: eve, backEnd: '' };

/** A group in which every option says the same: everything is left to members, or nothing. */
const groupWith = (isLeftToMembers: boolean): Group =>
  after(
    make.create(ann, [bob, cid, dan, 'ada' as typeof ann], {
      options: {
        joinMode: isLeftToMembers ? JoinMode.OPEN : JoinMode.CLOSED,
        inviteMode: isLeftToMembers ? InviteMode.MEMBERS : InviteMode.ADMINS,
        isEditableByMembers: isLeftToMembers,
      },
    }),
    make.appoint(ann, bob),
    make.appoint(ann, ada),
  );

const states: Readonly<Record<keyof PermissionRow, Group>> = {
  open: groupWith(true),
  dismissed: after(make.create(ann, [bob, cid]), make.dismiss(ann)),
  absent: initialGroup,
};

/** Whom an operation is tried on. */
type Target = 'own' | 'lower' | 'peer' | 'higher';

/** Someone who stands so to the operator; a stranger for the back end and for strangers is any member. */
function userAt(target: Target, operator: Operator): string {
  if (target === 'own') return operator === '' ? dan : operator;
  const ranks: Readonly<Record<string, Readonly<Record<Exclude<Target, 'own'>, string>>>> = {
    [ann]: { lower: bob, peer: ann, higher: ann },
    [bob]: { lower: cid, peer: ada, higher: ann },
    [cid]: { lower: dan, peer: dan, higher: bob },
  };
  return ranks[operator]?.[target] ?? dan;
}

const user = (of: string): KindInit => ({ type: 'setNickname', value: { user: of, nickname: 'Nick' } });

/** An operation of each type that changes something where it is allowed. */
const samples: Readonly<Record<GroupOperationType, (of: string) => KindInit>> = {
  join: () => ({ type: 'join', value: {} }),
  invite: () => ({ type: 'invite', value: { users: ['frank'] } }),
  leave: () => ({ type: 'leave', value: {} }),
  kick: (of) => ({ type: 'kick', value: { users: [of] } }),
  dismiss: () => ({ type: 'dismiss', value: {} }),
  transfer: () => ({ type: 'transfer', value: { user: dan } }),
  setRole: () => ({ type: 'setRole', value: { user: dan, role: GroupRole.ADMIN } }),
  setNickname: user,
  updateInfo: () => ({ type: 'updateInfo', value: { name: { text: 'Other' } } }),
  changeAttributes: () => ({ type: 'changeAttributes', value: { set: [{ key: 'k', value: 'v' }] } }),
  mute: (of) => ({ type: 'mute', value: { users: [of], durationMs: 500 } }),
  setOptions: () => ({ type: 'setOptions', value: { options: { slowModeMs: 1_000 } } }),
  answerRequest: () => ({ type: 'answerRequest', value: { user: 'frank', isAccepted: false } }),
  setLimit: () => ({ type: 'setLimit', value: { memberLimit: 50 } }),
};

const cells = Object.entries(groupPermissions).flatMap(([type, row]: [string, PermissionRow]) =>
  Object.entries(row).flatMap(([state, permissions]: [string, Partial<Record<GroupActor, Permission>>]) =>
    Object.entries(permissions).map(([actor, permission]) => ({ type, state, actor, permission }) as Cell),
  ),
);

interface Cell {
  readonly type: GroupOperationType;
  readonly state: keyof PermissionRow;
  readonly actor: GroupActor;
  readonly permission: Permission;
}

/** What happens: events, none, or the refusal. */
function outcomeOf(group: Group, operator: Operator, kind: KindInit): string {
  const command = make.operate(operator, kind);
  const refusal = refusalTextOf(group, command);
  if (refusal !== 'none') return refusal.split(' ')[0] ?? '';
  return make.eventsOf(group, command).length > 0 ? 'done' : 'unchanged';
}

const plain: Partial<Record<Permission, string>> = {
  yes: 'done',
  no: 'PERMISSION_DENIED',
  hidden: 'GROUP_NOT_FOUND',
  unchanged: 'unchanged',
  senseless: 'INVALID_ARGUMENT',
};

/** What is refused to somebody who knows of the group, and to a stranger. */
const deniedTo = (actor: GroupActor): string => (actor === 'outsider' ? 'GROUP_NOT_FOUND' : 'PERMISSION_DENIED');

/** What a cell promises: on whom, where members may do little or much, it is done or refused. */
function promisesOf({ permission, actor, type }: Cell): readonly { target: Target; isLeftToMembers: boolean; outcome: string }[] {
  const denied = deniedTo(actor);
  const onTargets = (allowed: readonly Target[]) =>
    (['own', 'lower', 'peer', 'higher'] as const)
      // Of an owner nobody is a peer.
      .filter((target) => actor !== 'owner' || target === 'own' || target === 'lower')
      .map((target) => ({ target, isLeftToMembers: true, outcome: allowed.includes(target) ? 'done' : denied }));
  switch (permission) {
    case 'ifLower':
      return onTargets(['lower']);
    case 'ifOwn':
      return type === 'answerRequest' ? [{ target: 'own', isLeftToMembers: true, outcome: denied }] : onTargets(['own']);
    case 'ifOwnOrLower':
      return onTargets(['own', 'lower']);
    case 'ifOption':
    case 'byJoinMode':
      return [
        { target: 'own', isLeftToMembers: true, outcome: 'done' },
        { target: 'own', isLeftToMembers: false, outcome: denied },
      ];
    default:
      return [{ target: 'lower', isLeftToMembers: true, outcome: plain[permission] ?? '' }];
  }
}

describe('the table of permissions', () => {
  it.each(cells)('$state: $type by $actor is $permission', (cell) => {
    const { type, state, actor } = cell;
    for (const { target, isLeftToMembers, outcome } of promisesOf(cell)) {
      const operator = operators[actor];
      const open = groupWith(isLeftToMembers);
      const asked = type === 'answerRequest' ? withWish(open) : open;
      const group = state === 'open' ? asked : states[state];
      expect([target, isLeftToMembers, outcomeOf(group, operator, samples[type](userAt(target, operator)))]).toEqual([
        target,
        isLeftToMembers,
        outcome,
      ]);
    }
  });

  it('has a cell for every operation, state and role', () => {
    expect(cells).toHaveLength(14 * (5 + 3 + 2));
  });

  it.each<[string, Operator, KindInit, string]>([
    ['an admin mutes members', bob, { type: 'mute', value: { role: GroupRole.MEMBER, durationMs: 5 } }, 'done'],
    ['an admin does not mute admins', bob, { type: 'mute', value: { role: GroupRole.ADMIN, durationMs: 5 } }, 'PERMISSION_DENIED'],
    ['an admin does not mute everybody', bob, { type: 'mute', value: { isEveryone: true, durationMs: 5 } }, 'PERMISSION_DENIED'],
    ['the owner mutes everybody', ann, { type: 'mute', value: { isEveryone: true, durationMs: 5 } }, 'done'],
    ['one of higher rank among many stops a kick', bob, { type: 'kick', value: { users: [cid, ada] } }, 'PERMISSION_DENIED'],
    ['the back end kicks even the owner', '', { type: 'kick', value: { users: [ann] } }, 'done'],
  ])('%s', (_, operator, kind, outcome) => {
    expect(outcomeOf(groupWith(true), operator, kind)).toBe(outcome);
  });
});

/** The group with frank's wish to join. */
function withWish(group: Group): Group {
  const approving = make.setOptions(ann, { joinMode: JoinMode.APPROVAL });
  return make.applied(group, approving, make.join('frank' as typeof ann));
}
