import { describe, expect, it } from '@jest/globals';
import { decodeGroupEvent, encodeGroupEvent, type GroupEvent } from '@parley/contracts/events';
import type { AppId, ErrorName, GroupId, UserId } from '@parley/kernel';
import fc from 'fast-check';
import { decideGroup } from './decide-group.js';
import { evolveGroup, type Group, type GroupCommand, groupFromState, groupToState, initialGroup } from './group.js';
import { MemberSet } from './member-set.js';

const head = { app: 'app' as AppId, group: 'team' as GroupId, timeMs: 1_000 };
const [ann, bob, cid, dan] = ['ann', 'bob', 'cid', 'dan'] as UserId[] as [UserId, UserId, UserId, UserId];
const createdBy = (owner: UserId, ...members: UserId[]): GroupCommand => ({
  ...head,
  type: 'create',
  name: 'Team',
  owner,
  members,
  memberLimit: 0,
});
const usersNamed = (count: number): UserId[] => Array.from({ length: count }, (_, i) => `u${i}` as UserId);

function eventsOf(group: Group, command: GroupCommand): readonly GroupEvent[] {
  const decision = decideGroup(group, command);
  if (!decision.ok) throw new Error(`refused: ${decision.error.name}`);
  return decision.value;
}

const after = (...commands: GroupCommand[]): Group =>
  commands.reduce<Group>((group, command) => eventsOf(group, command).reduce(evolveGroup, group), initialGroup);

function refusalOf(group: Group, command: GroupCommand): ErrorName | undefined {
  const decision = decideGroup(group, command);
  return decision.ok ? undefined : decision.error.name;
}

describe('creating a group', () => {
  it('makes the owner a member, first of all', () => {
    const group = after(createdBy(bob, ann, bob));
    expect(group).toMatchObject({ type: 'open', owner: 'bob', version: 1, memberLimit: 2_000 });
    expect(group.type === 'open' && group.members.inJoinOrder()).toEqual(['bob', 'ann']);
  });

  it('repeated with the same owner and members is no error, even when others have joined since', () => {
    const group = after(createdBy(ann, bob, cid), { ...head, type: 'join', user: dan });
    expect(eventsOf(group, createdBy(ann, cid, bob))).toEqual([]);
  });

  it('is refused when the id belongs to another group', () => {
    const group = after(createdBy(ann, bob));
    expect(refusalOf(group, createdBy(ann, cid))).toBe('GROUP_EXISTS');
    expect(refusalOf(group, createdBy(bob, ann))).toBe('GROUP_EXISTS');
  });

  it('is refused for the id of a dismissed group, for ever', () => {
    const group = after(createdBy(ann), { ...head, type: 'dismiss', operator: ann });
    expect(refusalOf(group, createdBy(ann))).toBe('GROUP_EXISTS');
  });

  it('keeps to its limits', () => {
    const many = createdBy(ann, ...usersNamed(101));
    expect(refusalOf(initialGroup, many)).toBe('INVALID_ARGUMENT');
    expect(
      refusalOf(initialGroup, {
        ...many,
        type: 'create',
        owner: ann,
        members: [],
        name: 'x'.repeat(51),
        memberLimit: 0,
      }),
    ).toBe('INVALID_ARGUMENT');
    expect(refusalOf(initialGroup, { ...many, type: 'create', owner: ann, members: [], name: '', memberLimit: 100_001 })).toBe(
      'INVALID_ARGUMENT',
    );
    expect(refusalOf(initialGroup, { ...many, type: 'create', owner: ann, members: [bob], name: '', memberLimit: 1 })).toBe('GROUP_FULL');
    const named = {
      ...head,
      type: 'create',
      owner: ann,
      members: usersNamed(100),
      name: '👋'.repeat(50),
      memberLimit: 100_000,
    } as const;
    expect(refusalOf(initialGroup, named)).toBeUndefined();
  });
});

describe('coming and going', () => {
  it('joining twice and leaving twice are no errors and no events', () => {
    const group = after(createdBy(ann, bob));
    expect(eventsOf(group, { ...head, type: 'join', user: bob })).toEqual([]);
    expect(eventsOf(group, { ...head, type: 'leave', user: cid })).toEqual([]);
    expect(eventsOf(initialGroup, { ...head, type: 'leave', user: cid })).toEqual([]);
  });

  it('answers "absent" and "not a member" alike', () => {
    const group = after(createdBy(ann, bob));
    const probes: GroupCommand[] = [
      { ...head, type: 'invite', users: [dan], operator: cid },
      { ...head, type: 'dismiss', operator: cid },
    ];
    for (const probe of probes) {
      expect(refusalOf(group, probe)).toBe('GROUP_NOT_FOUND');
      expect(refusalOf(initialGroup, probe)).toBe('GROUP_NOT_FOUND');
    }
  });

  it('invites only those who are not in it yet, all or nobody', () => {
    const group = after({ ...head, type: 'create', name: '', owner: ann, members: [bob], memberLimit: 3 });
    const [joined] = eventsOf(group, { ...head, type: 'invite', users: [bob, cid, cid], operator: bob });
    expect(joined).toMatchObject({
      version: 2,
      operator: 'bob',
      change: { type: 'joined', value: { users: ['cid'] } },
    });
    expect(refusalOf(group, { ...head, type: 'invite', users: [cid, dan], operator: bob })).toBe('GROUP_FULL');
    expect(refusalOf(group, { ...head, type: 'invite', users: usersNamed(101), operator: '' })).toBe('INVALID_ARGUMENT');
  });

  it('hands the group to the longest member when the owner leaves', () => {
    const group = after(createdBy(bob, dan, cid), { ...head, type: 'join', user: ann }, { ...head, type: 'leave', user: bob });
    expect(group).toMatchObject({ type: 'open', owner: 'dan' });
  });

  it('is over when the last member leaves', () => {
    const events = eventsOf(after(createdBy(ann)), { ...head, type: 'leave', user: ann });
    expect(events.map((event) => [event.change?.type, event.version])).toEqual([
      ['left', 2],
      ['dismissed', 3],
    ]);
  });
});

describe('dismissing a group', () => {
  it('is for the owner and the back end', () => {
    const group = after(createdBy(ann, bob));
    expect(refusalOf(group, { ...head, type: 'dismiss', operator: bob })).toBe('PERMISSION_DENIED');
    expect(eventsOf(group, { ...head, type: 'dismiss', operator: '' })).toHaveLength(1);
    expect(eventsOf(group, { ...head, type: 'dismiss', operator: ann })).toHaveLength(1);
  });

  it('repeated by the owner is no error; to others the group is gone', () => {
    const group = after(createdBy(ann, bob), { ...head, type: 'dismiss', operator: ann });
    expect(eventsOf(group, { ...head, type: 'dismiss', operator: ann })).toEqual([]);
    expect(refusalOf(group, { ...head, type: 'dismiss', operator: bob })).toBe('GROUP_NOT_FOUND');
    expect(refusalOf(group, { ...head, type: 'join', user: bob })).toBe('GROUP_NOT_FOUND');
  });
});

const user = fc.constantFrom(ann, bob, cid, dan);
const operator = fc.oneof(user, fc.constant('' as const));
const anyCommand: fc.Arbitrary<GroupCommand> = fc
  .oneof(
    fc.record({
      type: fc.constant('create' as const),
      name: fc.string({ maxLength: 60 }),
      owner: user,
      members: fc.array(user),
      memberLimit: fc.nat(4),
    }),
    fc.record({ type: fc.constant('join' as const), user }),
    fc.record({ type: fc.constant('invite' as const), users: fc.array(user, { maxLength: 4 }), operator }),
    fc.record({ type: fc.constant('leave' as const), user }),
    fc.record({ type: fc.constant('dismiss' as const), operator }),
  )
  .map((command) => ({ ...head, ...command }));

const comparable = (group: Group): unknown => (group.type === 'absent' ? group : groupToState(group));

describe('any sequence of commands', () => {
  it('keeps the invariants of a group', () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 60 }), (commands) => {
        let group: Group = initialGroup;
        let version = 0;
        for (const command of commands) {
          const before = comparable(group);
          const decision = decideGroup(group, command);
          expect(decideGroup(group, command)).toEqual(decision);
          expect(comparable(group)).toEqual(before);
          if (!decision.ok) continue;
          for (const event of decision.value) {
            expect(event.version).toBe(++version);
            group = evolveGroup(group, event);
          }
          // Whoever did not hear the answer may ask again.
          expect(eventsOf(group, command)).toEqual([]);
          if (group.type !== 'open') continue;
          expect(group.members.size).toBe(group.members.inJoinOrder().length);
          expect(group.members.size).toBeGreaterThan(0);
          expect(group.members.size).toBeLessThanOrEqual(group.memberLimit);
          expect(group.members.has(group.owner)).toBe(true);
        }
      }),
    );
  });

  it('survives the log and a snapshot at any point', () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 40 }), fc.nat(40), (commands, cut) => {
        let group: Group = initialGroup;
        let restored: Group = initialGroup;
        commands.forEach((command, i) => {
          const decision = decideGroup(group, command);
          const events = decision.ok ? decision.value : [];
          group = events.reduce(evolveGroup, group);
          restored = events.map((event) => decodeGroupEvent(encodeGroupEvent(event))).reduce(evolveGroup, restored);
          if (i === cut && restored.type !== 'absent') restored = groupFromState(groupToState(restored));
        });
        expect(comparable(restored)).toEqual(comparable(group));
      }),
    );
  });

  it('refuses to fold what cannot have happened', () => {
    const joined: GroupEvent = {
      ...head,
      version: 1,
      operator: '',
      change: { type: 'joined', value: { users: ['ann'], invitedBy: '' } },
    };
    expect(() => evolveGroup(initialGroup, joined)).toThrow(/without a group/);
    expect(() => evolveGroup(after(createdBy(ann)), { ...joined, change: undefined })).toThrow(/unknown kind/);
  });

  it('costs a join into a group of 100 000 no copy of its members', () => {
    const open = after({ ...head, type: 'create', name: '', owner: ann, members: [], memberLimit: 100_000 });
    if (open.type !== 'open') throw new Error('the group is not open');
    const large: Group = { ...open, members: MemberSet.of([ann, ...usersNamed(99_000)]) };
    let group: Group = large;
    const started = performance.now();
    for (const [i] of usersNamed(900).entries())
      group = evolveGroup(group, eventsOf(group, { ...head, type: 'join', user: `late-${i}` as UserId })[0] as GroupEvent);
    // Copying 100 000 members 900 times takes seconds; copying leaves takes milliseconds.
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(group.type === 'open' && group.members.size).toBe(99_901);
    expect(large.type === 'open' && large.members.size).toBe(99_001);
  });
});
