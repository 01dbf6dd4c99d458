import { describe, expect, it } from '@jest/globals';
import { decodeGroupEvent, decodeGroupState, encodeGroupEvent, encodeGroupState } from '@parley/contracts/events';
import { limits } from '@parley/kernel';
import { createGroupOperation, createGroupOptions, GroupRole, InviteeMode, InviteMode, JoinMode } from '@parley/wire';
import fc from 'fast-check';
import { decideGroup } from './decide-group.js';
import { evolveGroup } from './evolve-group.js';
import { type Group, type GroupCommand, initialGroup, type OpenGroup } from './group.js';
import { groupActorOf } from './group/permissions.js';
import { groupRoleOf } from './group/roles.js';
import { groupSpeakingOf } from './group/speaking.js';
import { groupFromState, groupToState } from './group-state.js';
import { ann, bob, cid, dan, eve, head, type KindInit, type Operator } from './testing/group-fixture.js';

const user = fc.constantFrom(ann, bob, cid, dan, eve);
const operator: fc.Arbitrary<Operator> = fc.oneof({ weight: 6, arbitrary: user }, fc.constant('' as const));
const users = fc.array(user, { maxLength: 3 });
const text = fc.constantFrom('', 'a', 'b');
const draft = fc.option(
  text.map((it) => ({ text: it })),
  { nil: undefined },
);
const role = fc.constantFrom(GroupRole.UNSPECIFIED, GroupRole.MEMBER, GroupRole.ADMIN, GroupRole.OWNER);
const options = fc.record({
  joinMode: fc.constantFrom(JoinMode.OPEN, JoinMode.OPEN, JoinMode.APPROVAL, JoinMode.CLOSED),
  inviteMode: fc.constantFrom(InviteMode.MEMBERS, InviteMode.ADMINS),
  inviteeMode: fc.constantFrom(InviteeMode.DIRECT, InviteeMode.CONSENT),
  isEditableByMembers: fc.boolean(),
  slowModeMs: fc.constantFrom(0, 1_000),
});
const kindOf = <Type extends KindInit['type']>(
  type: Type,
  value: fc.Arbitrary<(KindInit & { readonly type: Type })['value']>,
): fc.Arbitrary<KindInit> => value.map((it) => ({ type, value: it }) as KindInit);

const kind: fc.Arbitrary<KindInit> = fc.oneof(
  { weight: 4, arbitrary: kindOf('join', fc.record({ text })) },
  { weight: 3, arbitrary: kindOf('invite', fc.record({ users, text })) },
  { weight: 2, arbitrary: kindOf('leave', fc.constant({})) },
  kindOf('kick', fc.record({ users })),
  kindOf('transfer', fc.record({ user })),
  { weight: 2, arbitrary: kindOf('setRole', fc.record({ user, role })) },
  kindOf('setNickname', fc.record({ user, nickname: text })),
  kindOf('updateInfo', fc.record({ name: draft, notice: draft })),
  kindOf(
    'changeAttributes',
    fc.record({ set: fc.array(fc.record({ key: text, value: text }), { maxLength: 2 }), deleted: fc.array(text, { maxLength: 1 }) }),
  ),
  { weight: 2, arbitrary: kindOf('mute', fc.record({ users, role, isEveryone: fc.boolean(), durationMs: fc.constantFrom(0, 5, 40) })) },
  kindOf('mute', fc.record({ users: fc.array(user, { minLength: 1, maxLength: 2 }), durationMs: fc.constantFrom(0, 5, 40) })),
  { weight: 2, arbitrary: kindOf('setOptions', fc.record({ options })) },
  { weight: 3, arbitrary: kindOf('answerRequest', fc.record({ user, isAccepted: fc.boolean() })) },
  kindOf('setLimit', fc.record({ memberLimit: fc.nat(5) })),
);

const creation = fc.record({
  owner: user,
  members: users,
  memberLimit: fc.constantFrom(0, 3, 5),
  options: fc.option(options, { nil: undefined }),
});
type Step = (timeMs: number) => GroupCommand;
const step: fc.Arbitrary<Step> = fc.oneof(
  creation.map(
    (init): Step =>
      (timeMs) => ({
        ...{ ...head, timeMs, type: 'create', name: 'Team' },
        ...init,
        options: init.options === undefined ? undefined : createGroupOptions(init.options),
      }),
  ),
  {
    weight: 20,
    arbitrary: fc.tuple(operator, kind).map(([by, of]): Step => {
      const operation = createGroupOperation({ kind: of });
      return (timeMs) => ({ ...head, timeMs, type: 'operate', operation, operator: by });
    }),
  },
);
const dismissal = fc.option(fc.tuple(operator, fc.nat(60)));
const waits = fc.oneof({ weight: 30, arbitrary: fc.nat(20) }, fc.constant(limits.requestMs));
const script = fc.tuple(fc.array(fc.tuple(step, waits), { minLength: 1, maxLength: 60 }), dismissal).map(([steps, end]) => {
  if (end === null) return steps;
  const [by, at] = end;
  const operation = createGroupOperation({ kind: { type: 'dismiss', value: {} } });
  return steps.toSpliced(at, 0, [(timeMs: number) => ({ ...head, timeMs, type: 'operate' as const, operation, operator: by }), 1]);
});

interface Played {
  readonly group: Group;
  readonly command: GroupCommand;
  readonly events: ReturnType<typeof decideGroup> & { readonly ok: true };
  readonly next: Group;
}

/** Plays a script that begins with a creation, and shows every command that is carried out. */
function play(steps: readonly (readonly [Step, number])[], visit: (played: Played) => void): void {
  let group: Group = initialGroup;
  let { timeMs } = head;
  const first: Step = (at) => ({ ...head, timeMs: at, type: 'create', name: '', owner: ann, members: [bob, cid], memberLimit: 5 });
  for (const [make, waitMs] of [[first, 0] as const, ...steps]) {
    timeMs += waitMs;
    const command = make(timeMs);
    const events = decideGroup(group, command);
    if (!events.ok) continue;
    const next = events.value.reduce(evolveGroup, group);
    visit({ group, command, events, next });
    group = next;
  }
}

const comparable = (group: Group): unknown => (group.type === 'absent' ? group : groupToState(group));

function expectConsistent(group: OpenGroup): void {
  expect(group.members.size).toBe(group.members.inJoinOrder().length);
  expect(group.members.size).toBeGreaterThan(0);
  expect(group.members.size).toBeLessThanOrEqual(group.memberLimit);
  expect(group.members.has(group.owner)).toBe(true);
  expect(groupRoleOf(group, group.owner)).toBe(GroupRole.OWNER);
  expect(group.admins.has(group.owner)).toBe(false);
  for (const admin of group.admins) expect(group.members.has(admin)).toBe(true);
  for (const [member] of group.details.entries()) expect(group.members.has(member)).toBe(true);
  const muted = group.mutes.map(({ user: of, role: ofRole }) => of || ofRole);
  expect(new Set(muted).size).toBe(muted.length);
}

describe('any sequence of operations on a group', () => {
  it('keeps the owner a member, roles consistent, limits kept and versions dense', () => {
    fc.assert(
      fc.property(script, (steps) => {
        let version = 0;
        play(steps, ({ events, group, next }) => {
          let folded = group;
          for (const event of events.value) {
            const isRequest = event.change?.type === 'requested';
            expect(event.version).toBe(isRequest ? version : ++version);
            if (event.change?.type === 'changed') expect(event.change.value.version).toBe(event.version);
            folded = evolveGroup(folded, event);
            // After each event, not only at the end: what is forwarded says it in between.
            const isEmptied = folded.type === 'open' && folded.members.size === 0;
            if (folded.type === 'open' && !isEmptied) expectConsistent(folded);
          }
          if (next.type === 'open') expectConsistent(next);
        });
      }),
      { numRuns: 150 },
    );
  });

  it('is decided in the same way again, changes no earlier state, and told again changes nothing', () => {
    fc.assert(
      fc.property(script, (steps) => {
        const seen: (readonly [Group, unknown])[] = [];
        play(steps, ({ group, command, events, next }) => {
          expect(decideGroup(group, command)).toEqual(events);
          seen.push([next, comparable(next)]);
          const again = decideGroup(next, command);
          if (again.ok) expect(again.value).toEqual([]);
          // Told again it is refused only where the answer has taken the right away.
          else expect(command.type).toBe('operate');
        });
        for (const [group, before] of seen) expect(comparable(group)).toEqual(before);
      }),
    );
  });

  it('leads to the same group through the log and through a snapshot', () => {
    fc.assert(
      fc.property(script, (steps) => {
        let restored: Group = initialGroup;
        play(steps, ({ events, next }) => {
          for (const event of events.value) {
            restored = evolveGroup(restored, decodeGroupEvent(encodeGroupEvent(event)));
            restored = groupFromState(decodeGroupState(encodeGroupState(groupToState(restored))));
          }
          expect(comparable(restored)).toEqual(comparable(next));
          if (restored.type !== 'open' || next.type !== 'open') return;
          const last = events.value.at(-1)?.timeMs ?? 0;
          expect(groupSpeakingOf(restored, last)).toEqual(groupSpeakingOf(next, last));
        });
      }),
    );
  });

  it('lets only those act who are in it, but for coming in and answering', () => {
    fc.assert(
      fc.property(script, (steps) => {
        play(steps, ({ group, command, events }) => {
          if (events.value.length === 0 || command.type !== 'operate') return;
          const type = command.operation.kind?.type;
          if (groupActorOf(group, command.operator) === 'outsider') expect(['join', 'answerRequest']).toContain(type);
          if (type === 'setLimit') expect(command.operator).toBe('');
        });
      }),
    );
  });
});
