import { describe, expect, it } from '@jest/globals';
import type { RoomCommand } from '../room-command.js';
import {
  after,
  ann,
  applied,
  backEnd,
  bob,
  changesOf,
  contribution,
  count,
  create,
  enter,
  eve,
  eventsOf,
  leave,
  open,
  refusalOf,
  refusalTextOf,
} from '../testing/room-fixture.js';
import { refusalOfContribution, rememberedContributionsMax } from './counters.js';

const room = after(create(ann), enter(bob));
const likes = (...commands: RoomCommand[]): number | undefined => open(applied(room, ...commands)).counters.get('likes');

describe('a counter', () => {
  it('is the sum of the largest totals of its contributors', () => {
    const commands = [
      count(contribution(ann, 3), contribution(bob, 4)),
      count(contribution(ann, 5)),
      count(contribution(ann, 2, 'likes', 'second device'), contribution(backEnd, 10)),
    ];
    expect(likes(...commands)).toBe(5 + 4 + 2 + 10);
  });

  it('takes a total that is told twice once, and one that is overtaken not at all', () => {
    const told = count(contribution(ann, 3));
    const counted = applied(room, told);
    expect(eventsOf(counted, told)).toEqual([]);
    expect(eventsOf(counted, count(contribution(ann, 2)))).toEqual([]);
  });

  it('keeps what was contributed when the contributor leaves, and counts anew from the next stay on', () => {
    const stay = [count(contribution(bob, 3)), leave(bob), enter(bob)];
    expect(likes(...stay)).toBe(3);
    expect(likes(...stay, count(contribution(bob, 2, 'likes', 'next stay')))).toBe(5);
    expect(open(applied(room, ...stay)).contributions.has(bob)).toBe(false);
  });

  it('is told in one event that holds only what raises it', () => {
    const counted = applied(room, count(contribution(ann, 3)));
    const mixed = count(contribution(ann, 3), contribution(bob, 1), contribution(eve, 9), contribution(ann, 4));
    expect(changesOf(counted, mixed)).toEqual([
      { type: 'counted', value: { contributions: [contribution(bob, 1), contribution(ann, 4)] } },
    ]);
    expect(eventsOf(counted, mixed)).toMatchObject([{ operator: '', version: open(room).version, stateVersion: 1 }]);
  });

  it('passes those over who are not in the room', () => {
    expect(eventsOf(room, count(contribution(eve, 9)))).toEqual([]);
    expect(refusalOfContribution(open(room), contribution(eve, 9))?.name).toBe('ROOM_NOT_FOUND');
    expect(refusalOf(after(), count(contribution(ann, 1)))).toBe('ROOM_NOT_FOUND');
  });

  it('remembers the last requests of the back end', () => {
    const request = (i: number): RoomCommand => count(contribution(backEnd, 1, 'likes', `request-${i}`));
    const many = Array.from({ length: rememberedContributionsMax + 1 }, (_, i) => request(i));
    const counted = applied(room, ...many);
    expect(open(counted).counters.get('likes')).toBe(many.length);
    expect(eventsOf(counted, request(1))).toEqual([]);
    expect(open(counted).contributions.get('')).toHaveLength(rememberedContributionsMax);
    // Forgotten: the price of a bound.
    expect(eventsOf(counted, request(0))).toHaveLength(1);
  });

  it('of one user is remembered by the newest use, not by the first', () => {
    const others = Array.from({ length: rememberedContributionsMax - 1 }, (_, i) => count(contribution(ann, 1, 'likes', `n-${i}`)));
    const used = applied(room, count(contribution(ann, 1, 'likes', 'old')), ...others, count(contribution(ann, 2, 'likes', 'old')));
    expect(eventsOf(applied(used, count(contribution(ann, 1, 'likes', 'new'))), count(contribution(ann, 2, 'likes', 'old')))).toEqual([]);
  });

  const full = applied(room, count(...Array.from({ length: 10 }, (_, i) => contribution(ann, 1, `c${i}`))));

  it.each([
    ['without a name', room, contribution(ann, 1, ''), 'counter: 1 to 32 bytes'],
    ['with a long name', room, contribution(ann, 1, 'ä'.repeat(17)), 'counter: 1 to 32 bytes'],
    ['without a nonce', room, contribution(ann, 1, 'likes', ''), 'nonce: 1 to 64 bytes'],
    ['with a long nonce', room, contribution(ann, 1, 'likes', 'n'.repeat(65)), 'nonce: 1 to 64 bytes'],
    ['beyond ten counters', full, contribution(ann, 1, 'c10'), 'counter: at most 10'],
    ['that would overflow', full, contribution(ann, Number.MAX_SAFE_INTEGER, 'c0', 'n2'), 'total: '],
  ])('refuses a contribution %s, alone or beside others that count', (_, before, wrong, detail) => {
    expect(refusalTextOf(before, count(wrong))).toContain(`INVALID_ARGUMENT ${detail}`);
    const right = contribution(bob, 1, before === full ? 'c1' : 'likes');
    expect(changesOf(before, count(wrong, right))).toEqual([{ type: 'counted', value: { contributions: [right] } }]);
    const counted = open(applied(before, count(wrong, right)));
    expect(refusalOfContribution(counted, wrong)?.detail).toContain(detail);
    expect(refusalOfContribution(counted, right)).toBeUndefined();
  });

  it('holds ten counters at most within one command too', () => {
    const eleven = Array.from({ length: 11 }, (_, i) => contribution(ann, 1, `c${i}`));
    expect(open(applied(room, count(...eleven))).counters.size).toBe(10);
  });
});
