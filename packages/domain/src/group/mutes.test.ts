import { describe, expect, it } from '@jest/globals';
import { limits } from '@parley/kernel';
import { GroupRole, type SpeakingRules } from '@parley/wire';
import fc from 'fast-check';
import type { Group } from '../group.js';
import * as make from '../testing/group-fixture.js';
import {
  after,
  ann,
  at,
  backEnd,
  bob,
  cid,
  dan,
  eve,
  eventsOf,
  head,
  open,
  refusalOf,
  typesOf,
  usersNamed,
} from '../testing/group-fixture.js';
import { groupMutedUntilMs, groupSpeakingOf } from './speaking.js';
import { groupInfoOf } from './view.js';

const now = head.timeMs;
/** Ann owns it, bob and cid are admins, dan and eve members. */
const group = after(make.create(ann, [bob, cid, dan, eve]), make.appoint(ann, bob), make.appoint(ann, cid));
const speakersOf = (of: Group, nowMs: number): readonly string[] =>
  [ann, bob, cid, dan, eve].filter((user) => groupMutedUntilMs(open(of), user, nowMs) === 0);

/** Whether the router lets the user speak by these rules. */
function maySpeak(rules: SpeakingRules, user: string, nowMs: number): boolean {
  if (rules.muted.some((mute) => mute.user === user && mute.untilMs > nowMs)) return false;
  return rules.allMutedUntilMs <= nowMs || rules.exempt.includes(user);
}

describe('mutes', () => {
  it('of members end by themselves or by being lifted', () => {
    const muted = make.applied(group, make.mute(bob, [dan, eve], 500));
    expect(speakersOf(muted, now + 499)).toEqual([ann, bob, cid]);
    expect(speakersOf(muted, now + 500)).toEqual([ann, bob, cid, dan, eve]);
    expect(speakersOf(make.applied(muted, make.unmute(bob, [dan])), now + 1)).toEqual([ann, bob, cid, dan]);
    expect(typesOf(group, make.mute(bob, [dan, eve]))).toEqual(['mutes']);
    expect(typesOf(group, make.mute(bob, [dan]))).toEqual(['mute']);
  });

  it('of a role or of everybody never bind the owner', () => {
    expect(speakersOf(make.applied(group, make.mute(bob, GroupRole.MEMBER)), now)).toEqual([ann, bob, cid]);
    expect(speakersOf(make.applied(group, make.mute(ann, GroupRole.ADMIN)), now)).toEqual([ann]);
    expect(speakersOf(make.applied(group, make.mute(ann, 'everyone')), now)).toEqual([ann]);
  });

  it('of everybody, when lifted, leave no role muted', () => {
    const both = make.applied(group, make.mute(ann, GroupRole.MEMBER, 900), make.mute(ann, 'everyone', 500));
    expect(speakersOf(make.applied(both, make.unmute(ann, 'everyone')), now + 1)).toEqual([ann, bob, cid, dan, eve]);
    expect(speakersOf(both, now + 600)).toEqual([ann, bob, cid]);
  });

  it('let one member speak while all others are muted, as long as that holds', () => {
    const one = make.applied(group, make.mute(ann, 'everyone', 500), make.unmute(ann, [dan]));
    expect(speakersOf(one, now + 1)).toEqual([ann, dan]);
    // A later mute of everybody is a new word.
    const later = make.applied(one, at(now + 600, make.mute(ann, 'everyone', 500)));
    expect(speakersOf(later, now + 700)).toEqual([ann]);
  });

  it('outlast leaving and coming back, exceptions do not', () => {
    const muted = make.applied(group, make.mute(ann, [dan]), make.leave(dan), make.join(dan));
    expect(speakersOf(muted, now)).not.toContain(dan);
    const excepted = make.applied(group, make.mute(ann, 'everyone'), make.unmute(ann, [dan]), make.leave(dan), make.join(dan));
    expect(speakersOf(excepted, now)).toEqual([ann]);
  });

  it('do not bind who has become the owner', () => {
    expect(speakersOf(make.applied(group, make.mute(ann, [dan]), make.transfer(ann, dan)), now)).toContain(dan);
  });

  it('that are so already, or lift nothing, are no change', () => {
    expect(eventsOf(make.applied(group, make.mute(ann, [dan])), make.mute(ann, [dan]))).toEqual([]);
    expect(eventsOf(group, make.unmute(ann, [dan]))).toEqual([]);
    expect(eventsOf(group, make.unmute(ann, 'everyone'))).toEqual([]);
    expect(eventsOf(group, make.mute(ann, ['stranger']))).toEqual([]);
  });

  it('keep to their limits', () => {
    expect(refusalOf(group, make.mute(ann, [], 5))).toBe('INVALID_ARGUMENT');
    expect(refusalOf(group, make.mute(backEnd, GroupRole.OWNER))).toBe('INVALID_ARGUMENT');
    expect(refusalOf(group, make.mute(ann, usersNamed(101)))).toBe('INVALID_ARGUMENT');
    expect(refusalOf(group, make.mute(ann, [dan], limits.roomBanMsMax + 1))).toBe('INVALID_ARGUMENT');
    const users = usersNamed(limits.groupMutesMax + 1);
    const parts = Array.from({ length: 10 }, (_, i) => users.slice(i * 100, (i + 1) * 100));
    const crowd = make.applied(group, ...parts.map((part) => make.invite(ann, part)), make.invite(ann, users.slice(1_000)));
    const full = make.applied(crowd, ...parts.map((part) => make.mute(ann, part)));
    expect(refusalOf(full, make.mute(ann, ['u1000']))).toBe('LIMIT_REACHED');
    expect(refusalOf(full, make.mute(ann, ['u7'], 900))).toBeUndefined();
    // Those that are over make room.
    expect(refusalOf(full, at(now + 500, make.mute(ann, ['u1000'])))).toBeUndefined();
  });

  it('are shown to those whom they concern', () => {
    const muted = open(make.applied(group, make.mute(ann, [dan]), make.mute(ann, GroupRole.MEMBER)));
    const seenBy = (viewer: string) => groupInfoOf(muted, viewer).mutes.map(({ user }) => user);
    expect([ann, bob, backEnd, dan, eve].map(seenBy)).toEqual([['dan', ''], ['dan', ''], ['dan', ''], ['dan', ''], ['']]);
  });
});

describe('the rules of speaking', () => {
  it('name owner and admins, slow mode and who may pin', () => {
    const quiet = open(make.applied(group, make.setOptions(ann, { slowModeMs: 3_000, isPinningByMembers: true })));
    expect(groupSpeakingOf(quiet, now)).toMatchObject({
      ...{ moderators: ['ann', 'bob', 'cid'], slowModeMs: 3_000, isPinningByMembers: true },
      ...{ allMutedUntilMs: 0, exempt: [], muted: [] },
    });
  });

  it('say the same as the group says of each member, at any later time', () => {
    const target = fc.oneof(
      fc.subarray([bob, cid, dan, eve], { minLength: 1 }),
      fc.constantFrom<make.MuteTarget>(GroupRole.MEMBER, GroupRole.ADMIN, 'everyone'),
    );
    const step = fc.record({ target, durationMs: fc.constantFrom(0, 0, 10, 20, 40), waitMs: fc.nat(15) });
    const moves = fc.constantFrom(make.leave(dan), make.join(dan), make.appoint(ann, eve), make.setRole(ann, bob, GroupRole.MEMBER));
    fc.assert(
      fc.property(fc.array(fc.tuple(step, fc.option(moves)), { maxLength: 15 }), fc.nat(60), (steps, laterMs) => {
        let timeMs = now;
        let folded: Group = group;
        for (const [{ target: of, durationMs, waitMs }, move] of steps) {
          timeMs += waitMs;
          folded = make.applied(folded, at(timeMs, make.mute(ann, of, durationMs)));
          if (move !== null && refusalOf(folded, at(timeMs, move)) === undefined) folded = make.applied(folded, at(timeMs, move));
        }
        const rules = groupSpeakingOf(open(folded), timeMs);
        const members = [ann, bob, cid, dan, eve].filter((user) => open(folded).members.has(user));
        for (const nowMs of [timeMs, timeMs + laterMs]) {
          const allowed = members.filter((user) => groupMutedUntilMs(open(folded), user, nowMs) === 0);
          expect(members.filter((user) => maySpeak(rules, user, nowMs))).toEqual(allowed);
        }
      }),
    );
  });
});
