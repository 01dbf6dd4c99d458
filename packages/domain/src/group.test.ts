import { describe, expect, it } from '@jest/globals';
import type { GroupEvent } from '@parley/contracts/events';
import { limits, type UserId } from '@parley/kernel';
import { GroupRole, HistoryAccess } from '@parley/wire';
import { evolveGroup } from './evolve-group.js';
import { type Group, type GroupCommand, initialGroup } from './group.js';
import { groupInfoOf, groupMemberOf, groupMembersPage } from './group/view.js';
import { MemberSet } from './member-set.js';
import * as make from './testing/group-fixture.js';
import {
  after,
  ann,
  at,
  backEnd,
  bob,
  cid,
  dan,
  eventsOf,
  eve,
  head,
  opened,
  refusalOf,
  typesOf,
  usersNamed,
} from './testing/group-fixture.js';

describe('creating a group', () => {
  it('makes the owner a member, first of all', () => {
    const group = opened(make.create(bob, [ann, bob]));
    expect(group).toMatchObject({ owner: 'bob', version: 1, memberLimit: 2_000 });
    expect(group.members.inJoinOrder()).toEqual(['bob', 'ann']);
    expect(groupMemberOf(group, ann, 0)?.joinedMs).toBe(head.timeMs);
  });

  it('gives it all that it was asked to start with', () => {
    const options = { slowModeMs: 5_000, historyAccess: HistoryAccess.FROM_START };
    const attributes = [{ key: 'topic', value: 'tea' }];
    const group = opened(make.create(ann, [], { options, avatar: 'a.png', notice: 'hello', attributes }));
    expect(groupInfoOf(group, ann)).toMatchObject({ name: 'Team', avatar: 'a.png', notice: 'hello', attributes, options });
  });

  it('repeated with the same owner and members is no error, even when others have joined since', () => {
    const group = after(make.create(ann, [bob, cid]), make.join(dan));
    expect(eventsOf(group, make.create(ann, [cid, bob]))).toEqual([]);
  });

  it('is refused when the id belongs to another group', () => {
    const group = after(make.create(ann, [bob]));
    expect(refusalOf(group, make.create(ann, [cid]))).toBe('GROUP_EXISTS');
    expect(refusalOf(group, make.create(bob, [ann]))).toBe('GROUP_EXISTS');
  });

  it('is refused for the id of a dismissed group, for ever', () => {
    const group = after(make.create(ann), make.dismiss(ann));
    expect(refusalOf(group, make.create(ann))).toBe('GROUP_EXISTS');
  });

  it.each<[string, GroupCommand, string]>([
    ['members', make.create(ann, usersNamed(101)), 'INVALID_ARGUMENT'],
    ['name', make.create(ann, [], { name: 'x'.repeat(51) }), 'INVALID_ARGUMENT'],
    ['member_limit', make.create(ann, [], { memberLimit: 100_001 }), 'INVALID_ARGUMENT'],
    ['its own limit', make.create(ann, [bob], { memberLimit: 1 }), 'GROUP_FULL'],
    ['avatar', make.create(ann, [], { avatar: 'x'.repeat(501) }), 'INVALID_ARGUMENT'],
    ['notice', make.create(ann, [], { notice: 'é'.repeat(151) }), 'INVALID_ARGUMENT'],
    ['slow mode', make.create(ann, [], { options: { slowModeMs: limits.slowModeMsMax + 1 } }), 'INVALID_ARGUMENT'],
    ['history', make.create(ann, [], { options: { historyAccess: HistoryAccess.RECENT } }), 'INVALID_ARGUMENT'],
    ['destruction', make.create(ann, [], { options: { destroyAfterMs: limits.destroyAfterMsMin - 1 } }), 'INVALID_ARGUMENT'],
    ['attribute keys', make.create(ann, [], { attributes: [{ key: '', value: 'x' }] }), 'ATTRIBUTE_INVALID'],
    ['attributes', make.create(ann, [], { attributes: usersNamed(11).map((key) => ({ key, value: '' })) }), 'ATTRIBUTE_LIMIT_REACHED'],
  ])('keeps to the limit of %s', (_, command, error) => {
    expect(refusalOf(initialGroup, command)).toBe(error);
  });

  it('takes as much as the limits allow', () => {
    const full = make.create(ann, usersNamed(100), { name: '👋'.repeat(50), memberLimit: 100_000, notice: 'x'.repeat(300) });
    expect(refusalOf(initialGroup, full)).toBeUndefined();
  });
});

describe('coming and going', () => {
  it('joining twice and leaving twice are no errors and no events', () => {
    const group = after(make.create(ann, [bob]));
    expect(eventsOf(group, make.join(bob))).toEqual([]);
    expect(eventsOf(group, make.leave(cid))).toEqual([]);
    expect(eventsOf(initialGroup, make.leave(cid))).toEqual([]);
  });

  it('answers "absent" and "not a member" alike', () => {
    const group = after(make.create(ann, [bob]));
    for (const probe of [make.invite(cid, [dan]), make.dismiss(cid), make.kick(cid, ann), make.answer(cid, cid, true)]) {
      expect(make.refusalTextOf(group, probe)).toBe('GROUP_NOT_FOUND');
      expect(make.refusalTextOf(initialGroup, probe)).toBe('GROUP_NOT_FOUND');
    }
  });

  it('invites only those who are not in it yet, all or nobody', () => {
    const group = after(make.create(ann, [bob], { memberLimit: 3 }));
    const [joined] = eventsOf(group, make.invite(bob, [bob, cid, cid]));
    expect(joined).toMatchObject({ version: 2, operator: 'bob', change: { type: 'joined', value: { users: ['cid'], invitedBy: 'bob' } } });
    expect(refusalOf(group, make.invite(bob, [cid, dan]))).toBe('GROUP_FULL');
    expect(refusalOf(group, make.invite(backEnd, usersNamed(101)))).toBe('INVALID_ARGUMENT');
    expect(refusalOf(group, make.invite(backEnd, []))).toBe('INVALID_ARGUMENT');
  });

  it('remembers when somebody came and by whom, until they leave', () => {
    const group = opened(make.create(ann, [bob]), at(2_000_000, make.invite(bob, [cid])), at(3_000_000, make.join(dan)));
    expect(groupMemberOf(group, cid, 0)).toMatchObject({ joinedMs: 2_000_000, invitedBy: 'bob' });
    expect(groupMemberOf(group, dan, 0)).toMatchObject({ joinedMs: 3_000_000, invitedBy: '' });
    const again = make.open(make.applied(group, make.leave(cid), at(4_000_000, make.join(cid))));
    expect(groupMemberOf(again, cid, 0)).toMatchObject({ joinedMs: 4_000_000, invitedBy: '' });
  });

  it('hands the group to the longest member when the owner leaves, as two events', () => {
    const before = after(make.create(bob, [dan, cid]), make.join(ann));
    expect(typesOf(before, make.leave(bob))).toEqual(['left', 'owner']);
    expect(make.applied(before, make.leave(bob))).toMatchObject({ owner: 'dan', version: 4 });
  });

  it('prefers the longest admin, who is one no more', () => {
    const group = opened(make.create(bob, [dan, cid, ann]), make.appoint(bob, ann), make.appoint(bob, cid), make.leave(bob));
    expect([group.owner, [...group.admins]]).toEqual(['cid', ['ann']]);
  });

  it('is over when the last member leaves, or all of them are kicked', () => {
    const events = eventsOf(after(make.create(ann)), make.leave(ann));
    expect(events.map((event) => [event.change?.type, event.version])).toEqual([
      ['left', 2],
      ['dismissed', 3],
    ]);
    expect(typesOf(after(make.create(ann, [bob])), make.kick(backEnd, bob, ann))).toEqual(['left', 'dismissed']);
  });

  it('kicks members, and passes over who is none', () => {
    const group = after(make.create(ann, [bob, cid]));
    const [left] = eventsOf(group, make.kick(ann, bob, dan));
    expect(left?.change).toEqual({ type: 'left', value: { users: ['bob'], newOwner: '', isKicked: true } });
    expect(eventsOf(group, make.kick(ann, dan))).toEqual([]);
  });

  it('finds another owner when the back end kicks the owner', () => {
    const group = opened(make.create(ann, [bob, cid]), make.kick(backEnd, ann, bob));
    expect([group.owner, group.members.inJoinOrder()]).toEqual(['cid', ['cid']]);
  });
});

describe('dismissing a group', () => {
  it('repeated by the owner is no error; to others the group is gone', () => {
    const group = after(make.create(ann, [bob]), make.dismiss(ann));
    expect(eventsOf(group, make.dismiss(ann))).toEqual([]);
    expect(refusalOf(group, make.dismiss(bob))).toBe('GROUP_NOT_FOUND');
    expect(refusalOf(group, make.join(bob))).toBe('GROUP_NOT_FOUND');
  });
});

describe('roles', () => {
  it('make the former owner an admin, and a repeated transfer is no error', () => {
    const group = opened(make.create(ann, [bob, cid]), make.appoint(ann, bob), make.transfer(ann, bob));
    expect([group.owner, [...group.admins]]).toEqual(['bob', ['ann']]);
    expect(eventsOf(group, make.transfer(ann, bob))).toEqual([]);
    expect(refusalOf(group, make.transfer(ann, cid))).toBe('PERMISSION_DENIED');
  });

  it('are for members, at most 50 of them admins', () => {
    const users = usersNamed(52);
    const group = opened(make.create(ann, users), ...users.slice(0, 50).map((user) => make.appoint(ann, user)));
    expect(refusalOf(group, make.appoint(ann, 'u50'))).toBe('LIMIT_REACHED');
    expect(refusalOf(group, make.transfer(ann, 'u51'))).toBe('LIMIT_REACHED');
    expect(refusalOf(group, make.transfer(ann, 'u0'))).toBeUndefined();
    expect(eventsOf(group, make.appoint(ann, 'u0'))).toEqual([]);
    expect(refusalOf(group, make.appoint(ann, 'eve'))).toBe('INVALID_ARGUMENT');
    expect(refusalOf(group, make.setRole(ann, 'ann', GroupRole.MEMBER))).toBe('INVALID_ARGUMENT');
    expect(refusalOf(group, make.setRole(ann, 'u0', GroupRole.OWNER))).toBe('INVALID_ARGUMENT');
  });

  it('end with the membership', () => {
    const group = opened(make.create(ann, [bob]), make.appoint(ann, bob), make.leave(bob), make.join(bob));
    expect(group.admins.size).toBe(0);
  });
});

describe('what a group shows', () => {
  const group = opened(make.create(ann, [bob]));

  it('changes as far as it is told, and only what differs', () => {
    const [event] = eventsOf(group, make.update(ann, { name: 'Team', notice: 'Mind the gap' }));
    expect(event?.change).toEqual({
      type: 'changed',
      value: { version: 2, change: { type: 'info', value: { name: undefined, avatar: undefined, notice: { text: 'Mind the gap' } } } },
    });
    expect(eventsOf(group, make.update(ann, { name: 'Team' }))).toEqual([]);
    const changed = make.applied(group, make.update(ann, { avatar: 'x', notice: 'y' }), make.update(ann, { notice: '' }));
    expect(changed).toMatchObject({ name: 'Team', avatar: 'x', notice: '', version: 3 });
  });

  it.each([
    ['name', { name: '' }],
    ['name', { name: 'x'.repeat(51) }],
    ['avatar', { avatar: 'x'.repeat(501) }],
    ['notice', { notice: 'x'.repeat(301) }],
  ])('keeps to the limits of its %s', (field, texts) => {
    expect(make.refusalTextOf(group, make.update(ann, texts))).toMatch(new RegExp(`^INVALID_ARGUMENT ${field}:`));
  });

  it('has attributes, changed together or not at all', () => {
    const ten = Object.fromEntries(usersNamed(10).map((key) => [key, 'v']));
    const full = opened(make.create(ann), make.attributes(ann, ten));
    expect(refusalOf(full, make.attributes(ann, { more: 'x' }))).toBe('ATTRIBUTE_LIMIT_REACHED');
    expect(eventsOf(full, make.attributes(ann, { u0: 'v' }, ['none']))).toEqual([]);
    const changed = make.open(make.applied(full, make.attributes(ann, { more: 'x' }, ['u0'])));
    expect([changed.attributes.get('more'), changed.attributes.has('u0')]).toEqual(['x', false]);
    expect(refusalOf(full, make.attributes(ann, { u0: 'x'.repeat(4_097) }))).toBe('ATTRIBUTE_INVALID');
    expect(refusalOf(full, make.attributes(ann, {}))).toBe('INVALID_ARGUMENT');
  });

  it('names members within it, and forgets the name when they leave', () => {
    const named = opened(make.create(ann, [bob]), make.nickname(bob, bob, 'Bobby'));
    expect(groupMemberOf(named, bob, 0)?.nickname).toBe('Bobby');
    expect(eventsOf(named, make.nickname(bob, bob, 'Bobby'))).toEqual([]);
    expect(refusalOf(named, make.nickname(bob, bob, 'x'.repeat(257)))).toBe('INVALID_ARGUMENT');
    const again = make.open(make.applied(named, make.leave(bob), make.join(bob)));
    expect(groupMemberOf(again, bob, 0)?.nickname).toBe('');
    expect(make.open(make.applied(named, make.nickname(ann, bob, ''))).details.size).toBe(0);
  });

  it('is full at a limit that the back end sets, never below its members', () => {
    const pair = opened(make.create(ann, [bob]), make.setLimit(backEnd, 2));
    expect(refusalOf(pair, make.join(cid))).toBe('GROUP_FULL');
    expect(refusalOf(pair, make.setLimit(backEnd, 1))).toBe('INVALID_ARGUMENT');
    expect(refusalOf(pair, make.setLimit(backEnd, 100_001))).toBe('INVALID_ARGUMENT');
    const large = make.open(make.applied(pair, make.setLimit(backEnd, 2_001)));
    expect([groupInfoOf(pair, ann).isLarge, groupInfoOf(large, ann).isLarge]).toEqual([false, true]);
  });

  it('is changed only as long as nobody else has changed it, if so asked', () => {
    const command = { ...make.update(ann, { name: 'New' }), ifVersion: 1 };
    expect(eventsOf(group, command)).toHaveLength(1);
    expect(make.refusalTextOf(make.applied(group, make.join(cid)), command)).toBe('VERSION_CONFLICT version: 2');
    // Not even the version is for strangers.
    expect(refusalOf(group, { ...make.update(eve, { name: 'New' }), ifVersion: 7 })).toBe('GROUP_NOT_FOUND');
  });
});

describe('the members of a role', () => {
  const users = usersNamed(30);
  const group = opened(make.create(ann, users), ...['u3', 'u11', 'u7'].map((user) => make.appoint(ann, user)));

  function pagesOf(role: GroupRole, limit: number): readonly string[] {
    const all: string[] = [];
    for (let behind = ''; ; behind = all.at(-1) ?? '') {
      const page = groupMembersPage(group, role).page(behind, limit);
      all.push(...page);
      if (page.length < limit) return all;
    }
  }

  it('are listed in pages in the order of their ids', () => {
    const admins = ['u11', 'u3', 'u7'];
    const plain = users.filter((user) => !admins.includes(user)).sort();
    for (const limit of [1, 2, 7, 100]) {
      expect(pagesOf(GroupRole.OWNER, limit)).toEqual(['ann']);
      expect(pagesOf(GroupRole.ADMIN, limit)).toEqual(admins);
      expect(pagesOf(GroupRole.MEMBER, limit)).toEqual(plain);
      expect(pagesOf(GroupRole.UNSPECIFIED, limit)).toEqual(['ann', ...users].sort());
    }
  });
});

describe('the fold of a group', () => {
  it('refuses to fold what cannot have happened', () => {
    const joined: GroupEvent = { ...head, version: 1, operator: '', change: { type: 'joined', value: { users: ['ann'], invitedBy: '' } } };
    expect(() => evolveGroup(initialGroup, joined)).toThrow(/without a group/);
    const group = after(make.create(ann));
    expect(() => evolveGroup(group, { ...joined, change: undefined })).toThrow(/unknown kind/);
    expect(() => evolveGroup(group, { ...joined, change: { type: 'changed', value: { version: 2, change: undefined } } })).toThrow(
      /unknown kind/,
    );
  });

  it('costs a join into a group of 100 000 no copy of its members', () => {
    const small = opened(make.create(ann, [], { memberLimit: 100_000 }));
    const users = [ann, ...usersNamed(99_000)];
    const large: Group = { ...small, members: MemberSet.of(users, head.timeMs) };
    const tookMs = (act: () => void): number => {
      const started = performance.now();
      act();
      return performance.now() - started;
    };
    const copyMs = tookMs(() => MemberSet.of(users));
    let group: Group = large;
    const joins = 900;
    const joinsMs = tookMs(() => {
      for (let i = 0; i < joins; i++) {
        group = evolveGroup(group, eventsOf(group, make.invite(ann, [`late-${i}` as UserId]))[0] as GroupEvent);
      }
    });
    // It takes a thousandth of it, on a machine of whatever speed.
    expect(joinsMs / joins).toBeLessThan(copyMs / 10);
    expect(make.open(group).members.size).toBe(99_901);
    expect(large.members.size).toBe(99_001);
  });
});
