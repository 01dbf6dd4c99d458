import { describe, expect, it } from '@jest/globals';
import { limits, type UserId } from '@parley/kernel';
import { createSpeakingRules, RoomRole, type SpeakingRules } from '@parley/wire';
import type { Room } from '../room.js';
import {
  after,
  ann,
  applied,
  at,
  backEnd,
  ban,
  bob,
  changesOf,
  cid,
  create,
  dan,
  enter,
  eventsOf,
  leave,
  mute,
  open,
  refusalOf,
  refusalTextOf,
  setRole,
  unmute,
} from '../testing/room-fixture.js';
import { speakingRulesOf } from './speaking.js';

/** ann owns, bob moderates, cid and dan are members. */
const room = after(create(ann), enter(bob), enter(cid), enter(dan), setRole(ann, bob, RoomRole.MODERATOR));
const users = [ann, bob, cid, dan];

/** What a router makes of the rules. */
function isHeard(rules: SpeakingRules, user: string, nowMs: number): boolean {
  if (rules.muted.some((entry) => entry.user === user && entry.untilMs > nowMs)) return false;
  return rules.allMutedUntilMs <= nowMs || rules.exempt.includes(user);
}

/** Who may speak at `nowMs` according to rules that were made at `madeMs`. */
const heard = (state: Room, nowMs = 1_000, madeMs = 1_000): readonly string[] => {
  const rules = speakingRulesOf(open(state), madeMs);
  return users.filter((user) => isHeard(rules, user, nowMs));
};

describe('who may speak', () => {
  it.each([
    ['nobody is muted', [], 'ann bob cid dan'],
    ['a member is muted', [mute(bob, cid)], 'ann bob dan'],
    ['members are muted', [mute(bob, RoomRole.MEMBER)], 'ann bob'],
    ['moderators are muted', [mute(ann, RoomRole.MODERATOR)], 'ann cid dan'],
    ['everyone is muted', [mute(ann, 'everyone')], 'ann'],
    ['members are muted, but one may speak', [mute(bob, RoomRole.MEMBER), unmute(bob, cid)], 'ann bob cid'],
    ['everyone is muted, but one moderator may speak', [mute(ann, 'everyone'), unmute(ann, bob)], 'ann bob'],
    ['a moderator is muted on his own, and members too', [mute(ann, bob), mute(ann, RoomRole.MEMBER)], 'ann'],
    ['an exception is muted again', [mute(bob, RoomRole.MEMBER), unmute(bob, cid), mute(bob, cid)], 'ann bob'],
    [
      'an exception stays when the mute is prolonged',
      [mute(bob, RoomRole.MEMBER), unmute(bob, cid), mute(bob, RoomRole.MEMBER, 900)],
      'ann bob cid',
    ],
    ['a mute was lifted', [mute(bob, cid), unmute(bob, cid)], 'ann bob cid dan'],
    ['the mute of everyone was lifted', [mute(ann, 'everyone'), unmute(ann, 'everyone')], 'ann bob cid dan'],
    ['a moderator becomes a member of the muted', [mute(bob, RoomRole.MEMBER), setRole(ann, bob, RoomRole.MEMBER)], 'ann'],
    ['one of the muted becomes a moderator', [mute(bob, RoomRole.MEMBER), setRole(ann, cid, RoomRole.MODERATOR)], 'ann bob cid'],
    [
      'an exception ended with a role',
      [mute(bob, RoomRole.MEMBER), unmute(bob, cid), setRole(ann, cid, RoomRole.MODERATOR), setRole(ann, cid, RoomRole.MEMBER)],
      'ann bob',
    ],
    ['the owner is muted by the back end', [mute(backEnd, ann)], 'bob cid dan'],
  ])('when %s', (_, commands, names) => {
    expect(heard(applied(room, ...commands)).join(' ')).toBe(names);
  });

  it('follows from the time alone once the rules are told', () => {
    const muted = applied(room, mute(ann, RoomRole.MODERATOR, 200), mute(ann, RoomRole.MEMBER, 900), mute(ann, cid, 1_500));
    const times = [1_199, 1_200, 1_899, 1_900, 2_499, 2_500];
    expect(times.map((now) => heard(muted, now).join(' '))).toEqual([
      'ann',
      'ann bob',
      'ann bob',
      'ann bob dan',
      'ann bob dan',
      'ann bob cid dan',
    ]);
    for (const now of times) expect(heard(muted, now, now)).toEqual(heard(muted, now));
  });

  it('says everything of a user once', () => {
    const twice = applied(room, mute(ann, 'everyone'), unmute(ann, bob), mute(ann, cid));
    expect(speakingRulesOf(open(twice), 1_000)).toEqual(
      createSpeakingRules({
        allMutedUntilMs: 1_500,
        exempt: ['bob', 'ann'],
        muted: [{ user: 'cid', untilMs: 1_500 }],
        banned: [],
        moderators: ['bob', 'ann'],
      }),
    );
  });

  it('names who takes away what others have said: moderators, and the owner where there is one', () => {
    const named = (state: Room) => speakingRulesOf(open(state), 1_000).moderators;
    expect(named(room)).toEqual([bob, ann]);
    expect(named(applied(room, setRole(ann, cid, RoomRole.OWNER)))).toEqual([bob, ann, cid]);
    expect(named(applied(room, setRole(ann, bob, RoomRole.MEMBER)))).toEqual([ann]);
  });

  it('lets the longer of two mutes of a moderator count', () => {
    const muted = applied(room, mute(ann, RoomRole.MODERATOR, 200), mute(ann, bob, 900));
    expect([heard(muted, 1_899), heard(muted, 1_900)]).toEqual([[ann, cid, dan], users]);
    expect(heard(applied(room, mute(ann, bob, 200), mute(ann, RoomRole.MODERATOR, 900)), 1_899)).toEqual([ann, cid, dan]);
  });

  it('names those who are banned, until they are not', () => {
    const rules = (now: number): unknown => speakingRulesOf(open(applied(room, ban(bob, cid))), now).banned;
    expect(rules(1_499)).toEqual([{ user: 'cid', untilMs: 1_500 }]);
    expect(rules(1_500)).toEqual([]);
  });
});

describe('muting', () => {
  it('everyone is told as mutes of both roles', () => {
    const both = [RoomRole.MEMBER, RoomRole.MODERATOR].map((role) => ({ type: 'mute', value: { user: '', role, untilMs: 1_500 } }));
    expect(changesOf(room, mute(ann, 'everyone'))).toEqual(both);
    const members = applied(room, mute(ann, RoomRole.MEMBER));
    expect(changesOf(members, unmute(ann, 'everyone'))).toEqual([{ type: 'mute', value: { user: '', role: RoomRole.MEMBER, untilMs: 0 } }]);
  });

  it('raises both versions', () => {
    const { version, stateVersion } = open(room);
    expect(eventsOf(room, mute(ann, cid))).toMatchObject([{ version: version + 1, stateVersion: stateVersion + 1, operator: 'ann' }]);
  });

  it('is lifted only where it runs', () => {
    expect(eventsOf(room, unmute(ann, cid))).toEqual([]);
    expect(eventsOf(room, unmute(ann, 'everyone'))).toEqual([]);
    const muted = applied(room, mute(ann, cid));
    expect(eventsOf(muted, at(1_500, unmute(ann, cid)))).toEqual([]);
    const excepted = applied(room, mute(ann, RoomRole.MEMBER), unmute(ann, cid));
    expect(eventsOf(excepted, unmute(ann, cid))).toEqual([]);
    expect(eventsOf(applied(room, mute(ann, RoomRole.MEMBER)), unmute(backEnd, ann))).toEqual([]);
  });

  it('keeps nothing that is over once the rules change', () => {
    const muted = applied(room, mute(ann, RoomRole.MEMBER), unmute(ann, cid), mute(ann, dan, 300), ban(ann, 'eve' as UserId, 300));
    expect(open(muted).mutes).toHaveLength(3);
    expect(open(applied(muted, at(1_400, mute(ann, bob)))).mutes.map((it) => it.user)).toEqual(['', 'cid', 'bob']);
    const over = open(applied(muted, at(1_500, mute(ann, bob, 9))));
    expect([over.mutes.map((it) => it.user), over.bans.size]).toEqual([['bob'], 0]);
    expect(open(applied(muted, unmute(ann, RoomRole.MEMBER))).mutes.map((it) => it.user)).toEqual(['dan']);
    expect(open(applied(muted, at(1_500, mute(ann, RoomRole.MEMBER)))).mutes.map((it) => it.user)).toEqual(['']);
  });

  it('survives absence, and reaches users who are not in', () => {
    const muted = applied(room, mute(ann, cid), leave(cid), enter(cid));
    expect(heard(muted)).toEqual([ann, bob, dan]);
    expect(heard(applied(room, leave(cid), mute(ann, cid), enter(cid)))).toEqual([ann, bob, dan]);
  });

  it.each([
    ['nobody', { user: '', role: RoomRole.UNSPECIFIED, isEveryone: false }, 'user, role, is_everyone'],
    ['two at once', { user: cid, role: RoomRole.MEMBER, isEveryone: false }, 'user, role, is_everyone'],
    ['a user and everyone', { user: cid, role: RoomRole.UNSPECIFIED, isEveryone: true }, 'user, role, is_everyone'],
    ['the owner by role', { user: '', role: RoomRole.OWNER, isEveryone: false }, 'role: member or moderator'],
    ['for too long', { durationMs: limits.roomBanMsMax + 1 }, 'duration_ms: at most'],
  ] as const)('refuses %s', (_, fields, detail) => {
    expect(refusalTextOf(room, { ...mute(ann, cid), ...fields })).toContain(`INVALID_ARGUMENT ${detail}`);
  });

  it('takes so many users and no more, but roles always', () => {
    const crowd = Array.from({ length: limits.roomMutesMax }, (_, i) => mute(backEnd, `u${i}` as UserId));
    const full = applied(room, ...crowd);
    expect(refusalTextOf(full, mute(ann, cid))).toBe('INVALID_ARGUMENT user: at most 500 users are muted');
    expect(refusalOf(full, mute(ann, 'u7' as UserId))).toBeUndefined();
    expect(refusalOf(full, mute(ann, 'everyone'))).toBeUndefined();
    expect(refusalOf(full, at(1_500, mute(ann, cid)))).toBeUndefined();
  });
});
