import { describe, expect, it } from '@jest/globals';
import { type ErrorName, limits, type UserId } from '@parley/kernel';
import { MembershipCause, RoomRole } from '@parley/wire';
import { initialRoom } from '../room.js';
import type { RoomCommand } from '../room-command.js';
import {
  after,
  ann,
  applied,
  at,
  backEnd,
  ban,
  bob,
  change,
  changesOf,
  cid,
  create,
  dan,
  destroy,
  enter,
  eve,
  eventsOf,
  kick,
  leave,
  mute,
  type Operator,
  open,
  refusalOf,
  refusalTextOf,
  rename,
  setRole,
  typesOf,
  unmute,
} from '../testing/room-fixture.js';
import { roleOf } from './roles.js';

const [mod, mod2] = ['mod', 'mod2'] as UserId[] as [UserId, UserId];
/** The owner, two moderators, two members; eve is outside. */
const room = after(
  create(ann),
  ...[mod, mod2, cid, dan].map((user) => enter(user)),
  setRole(ann, mod, RoomRole.MODERATOR),
  setRole(ann, mod2, RoomRole.MODERATOR),
);

const denied = 'PERMISSION_DENIED';
const hidden = 'ROOM_NOT_FOUND';
const done = undefined;

describe('whoever acts on another user', () => {
  const commands: readonly (readonly [string, (operator: Operator, user: UserId) => RoomCommand])[] = [
    ['kicks', (operator, user) => kick(operator, user)],
    ['bans', (operator, user) => ban(operator, user)],
    ['lifts a ban', (operator, user) => ban(operator, user, 0)],
    ['mutes', (operator, user) => mute(operator, user)],
    ['unmutes', (operator, user) => unmute(operator, user)],
  ];
  // Rows: who acts. Columns: on the owner, a moderator, a member, himself.
  const matrix: readonly (readonly [string, Operator, ...(readonly (ErrorName | undefined)[])])[] = [
    ['the back end', backEnd, done, done, done, done],
    ['the owner', ann, denied, done, done, denied],
    ['a moderator', mod, denied, denied, done, denied],
    ['a member', cid, denied, denied, denied, denied],
    ['an outsider', eve, hidden, hidden, hidden, hidden],
  ];
  const targets = ['the owner', 'a moderator', 'a member', 'himself'];
  const cases = commands.flatMap(([verb, command]) =>
    matrix.flatMap(([who, operator, ...answers]) =>
      answers.map((answer, i) => {
        const target = [ann, mod2, dan, operator === '' ? dan : operator][i] as UserId;
        return [`${who} ${verb} ${targets[i]}`, command(operator, target), answer] as const;
      }),
    ),
  );

  it.each(cases)('%s', (_, command, answer) => {
    expect(refusalOf(room, command)).toBe(answer);
  });
});

describe('whoever acts on the room', () => {
  const commands: readonly (readonly [string, (operator: Operator) => RoomCommand, least: RoomRole])[] = [
    ['destroys it', (operator) => destroy(operator), RoomRole.OWNER],
    ['names a moderator', (operator) => setRole(operator, dan, RoomRole.MODERATOR), RoomRole.OWNER],
    ['mutes everyone', (operator) => mute(operator, 'everyone'), RoomRole.OWNER],
    ['mutes moderators', (operator) => mute(operator, RoomRole.MODERATOR), RoomRole.OWNER],
    ['mutes members', (operator) => mute(operator, RoomRole.MEMBER), RoomRole.MODERATOR],
    ['renames it', (operator) => rename(operator, 'Other'), RoomRole.MODERATOR],
    ['changes attributes', (operator) => change(operator, { a: '1' }), RoomRole.MEMBER],
  ];
  const operators: readonly (readonly [string, Operator])[] = [
    ['the back end', backEnd],
    ['the owner', ann],
    ['a moderator', mod],
    ['a member', cid],
    ['an outsider', eve],
  ];
  const cases = commands.flatMap(([verb, command, least]) =>
    operators.map(([who, operator]) => {
      const role = operator === '' ? RoomRole.OWNER : roleOf(open(room), operator);
      const answer = role === RoomRole.UNSPECIFIED ? hidden : role < least ? denied : done;
      return [`${who} ${verb}`, command(operator), answer] as const;
    }),
  );

  it.each(cases)('%s', (_, command, answer) => {
    expect(refusalOf(room, command)).toBe(answer);
    expect(refusalOf(initialRoom, command)).toBe(hidden);
  });

  it('from outside, having a role, is an outsider all the same', () => {
    const without = applied(room, leave(mod));
    expect(refusalOf(without, kick(mod, cid))).toBe(hidden);
    expect(refusalOf(applied(without, enter(mod)), kick(mod, cid))).toBe(done);
  });
});

describe('kicking', () => {
  it('makes all of them leave in one event, passing over those who are not in', () => {
    expect(eventsOf(room, kick(mod, dan, eve, cid, dan))).toMatchObject([
      { operator: 'mod', change: { type: 'left', value: { users: ['dan', 'cid'], cause: MembershipCause.KICKED } } },
    ]);
    expect(eventsOf(room, kick(mod, eve))).toEqual([]);
  });

  it('makes nobody leave when one of them may not be kicked', () => {
    expect(refusalOf(room, kick(mod, cid, mod2))).toBe(denied);
  });

  it('does not keep them out', () => {
    expect(typesOf(applied(room, kick(mod, cid)), enter(cid))).toEqual(['entered']);
  });

  it('takes fifty at a time', () => {
    const crowd = Array.from({ length: limits.roomKickMax + 1 }, (_, i) => `u${i}` as UserId);
    expect(refusalTextOf(room, kick(ann, ...crowd))).toBe('INVALID_ARGUMENT users: at most 50');
    expect(refusalOf(room, kick(ann, ...crowd.slice(1)))).toBe(done);
  });
});

describe('banning', () => {
  it('makes a member leave and keeps the user out; outsiders are kept out too', () => {
    expect(changesOf(room, ban(mod, cid))).toEqual([
      { type: 'banned', value: { user: 'cid', untilMs: 1_500 } },
      { type: 'left', value: { users: ['cid'], cause: MembershipCause.BANNED } },
    ]);
    expect(typesOf(room, ban(mod, eve))).toEqual(['banned']);
    expect(refusalOf(applied(room, ban(mod, eve)), enter(eve))).toBe('BANNED');
    expect(open(applied(room, ban(mod, eve))).stateVersion).toBe(open(room).stateVersion);
    expect(open(applied(room, ban(mod, eve))).version).toBe(open(room).version + 1);
  });

  it('is lifted once', () => {
    const banned = applied(room, ban(mod, cid));
    const lifted = applied(banned, ban(mod, cid, 0));
    expect(refusalOf(lifted, enter(cid))).toBe(done);
    expect(eventsOf(lifted, ban(mod, cid, 0))).toEqual([]);
    expect(eventsOf(banned, at(1_500, ban(mod, cid, 0)))).toEqual([]);
  });

  it('of a moderator from outside keeps to the ranks', () => {
    const without = applied(room, leave(mod2));
    expect(refusalOf(without, ban(mod, mod2))).toBe(denied);
    expect(refusalOf(without, ban(ann, mod2))).toBe(done);
  });

  it('ends the room when it takes the last member', () => {
    expect(typesOf(after(create(ann)), ban(backEnd, ann))).toEqual(['banned', 'left', 'destroyed']);
  });

  it('lasts a year at most', () => {
    expect(refusalTextOf(room, ban(ann, cid, limits.roomBanMsMax + 1))).toContain('INVALID_ARGUMENT duration_ms');
    expect(refusalOf(room, ban(ann, cid, limits.roomBanMsMax))).toBe(done);
  });

  it('forgets bans that are over when another is put, and counts only those that run', () => {
    const crowd = Array.from({ length: limits.roomBansMax }, (_, i) => ban(backEnd, `u${i}` as UserId));
    const full = applied(room, ...crowd);
    expect(refusalTextOf(full, ban(ann, cid))).toBe('INVALID_ARGUMENT user: at most 1000 users are banned');
    expect(refusalOf(full, ban(ann, 'u7' as UserId, 900))).toBe(done);
    const later = applied(full, at(1_500, ban(ann, cid)));
    expect([...open(later).bans.keys()]).toEqual(['cid']);
  });
});

describe('roles', () => {
  it('are dense in both versions and survive absence', () => {
    const away = open(applied(room, leave(mod)));
    expect(roleOf(away, mod)).toBe(RoomRole.MODERATOR);
    expect(roleOf(away, eve)).toBe(RoomRole.UNSPECIFIED);
    const [event] = eventsOf(room, setRole(ann, dan, RoomRole.MODERATOR));
    expect(event).toMatchObject({ version: open(room).version + 1, stateVersion: open(room).stateVersion + 1 });
  });

  it('hand over: the former owner becomes a moderator', () => {
    expect(changesOf(room, setRole(ann, mod, RoomRole.OWNER))).toEqual([
      { type: 'role', value: { user: 'ann', role: RoomRole.MODERATOR } },
      { type: 'role', value: { user: 'mod', role: RoomRole.OWNER } },
    ]);
    const handed = open(applied(room, setRole(ann, mod, RoomRole.OWNER)));
    expect([handed.owner, [...handed.moderators]]).toEqual(['mod', ['mod2', 'ann']]);
    expect(refusalOf(handed, destroy(ann))).toBe(denied);
  });

  it('are taken away, and that are so already are no event', () => {
    expect(roleOf(open(applied(room, setRole(ann, mod, RoomRole.MEMBER))), mod)).toBe(RoomRole.MEMBER);
    for (const [user, role] of [
      [ann, RoomRole.OWNER],
      [mod, RoomRole.MODERATOR],
      [cid, RoomRole.MEMBER],
      [eve, RoomRole.MEMBER],
    ] as const) {
      expect(eventsOf(room, setRole(ann, user, role))).toEqual([]);
    }
  });

  it('leave a room without an owner only when the back end says so', () => {
    expect(refusalOf(room, setRole(ann, ann, RoomRole.MODERATOR))).toBe(denied);
    const ownerless = open(applied(room, setRole(backEnd, ann, RoomRole.MEMBER)));
    expect([ownerless.owner, roleOf(ownerless, ann)]).toEqual(['', RoomRole.MEMBER]);
    expect(typesOf(ownerless, setRole(backEnd, bob, RoomRole.OWNER))).toEqual(['role']);
    expect(roleOf(ownerless, '')).toBe(RoomRole.UNSPECIFIED);
  });

  it('are at most fifty moderators, the former owner included', () => {
    const crowd = Array.from({ length: limits.roomModeratorsMax }, (_, i) => setRole(backEnd, `u${i}` as UserId, RoomRole.MODERATOR));
    const full = applied(after(create(ann), enter(cid)), ...crowd);
    expect(refusalTextOf(full, setRole(ann, cid, RoomRole.MODERATOR))).toBe('INVALID_ARGUMENT role: at most 50 moderators');
    expect(refusalOf(full, setRole(ann, cid, RoomRole.OWNER))).toBe('INVALID_ARGUMENT');
    expect(refusalOf(full, setRole(ann, 'u0' as UserId, RoomRole.OWNER))).toBe(done);
    expect(refusalTextOf(full, setRole(ann, cid, RoomRole.UNSPECIFIED))).toBe('INVALID_ARGUMENT role: missing');
  });
});

describe('renaming', () => {
  it('raises the state version only, and to the same name is no event', () => {
    expect(eventsOf(room, rename(mod, 'Other'))).toMatchObject([
      { version: open(room).version, stateVersion: open(room).stateVersion + 1, change: { type: 'renamed', value: { name: 'Other' } } },
    ]);
    expect(open(applied(room, rename(mod, 'Other'))).name).toBe('Other');
    expect(eventsOf(room, rename(mod, 'Hall'))).toEqual([]);
    expect(refusalOf(room, rename(mod, 'x'.repeat(51)))).toBe('INVALID_ARGUMENT');
  });
});
