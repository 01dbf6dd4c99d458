import { describe, expect, it } from '@jest/globals';
import { RoomRole } from '@parley/wire';
import type { RoomCommand } from '../room-command.js';
import {
  after,
  ann,
  applied,
  backEnd,
  bob,
  changeMember,
  changesOf,
  cid,
  create,
  dan,
  enter,
  eve,
  eventsOf,
  leave,
  open,
  refusalOf,
  refusalTextOf,
  setRole,
} from '../testing/room-fixture.js';

const room = after(create(ann), enter(bob), enter(cid), enter(dan), setRole(ann, bob, RoomRole.MODERATOR));

describe('attributes of a member', () => {
  it('have a dense version of their own, which goes on when all are deleted', () => {
    const steps = [
      changeMember(cid, cid, { a: '1', b: '2' }),
      changeMember(cid, cid, { a: '3' }, ['b']),
      changeMember(cid, cid, {}, ['a']),
    ];
    expect(open(applied(room, ...steps.slice(0, 2))).memberAttributes.get(cid)).toEqual({
      user: cid,
      version: 2,
      attributes: [{ key: 'a', value: '3' }],
    });
    expect(open(applied(room, ...steps)).memberAttributes.get(cid)).toEqual({ user: cid, version: 3, attributes: [] });
    const [event] = eventsOf(applied(room, ...steps), changeMember(cid, cid, { c: '4' }));
    expect(event).toMatchObject({ version: open(room).version, stateVersion: open(room).stateVersion, change: { value: { version: 4 } } });
  });

  it('are dropped when the member leaves', () => {
    const returned = applied(room, changeMember(cid, cid, { a: '1' }), leave(cid), enter(cid));
    expect(open(returned).memberAttributes.get(cid)).toBeUndefined();
    expect(changesOf(returned, changeMember(cid, cid, { a: '1' }))).toMatchObject([{ value: { version: 1 } }]);
  });

  it('that are so already are no event', () => {
    const set = applied(room, changeMember(cid, cid, { a: '1' }));
    expect(eventsOf(set, changeMember(cid, cid, { a: '1' }, ['none']))).toEqual([]);
  });

  it('say who changed them where that was not the member', () => {
    expect(changesOf(room, changeMember(cid, cid, { a: '1' }))).toMatchObject([{ value: { operator: '' } }]);
    expect(changesOf(room, changeMember(bob, cid, { a: '1' }))).toMatchObject([{ value: { operator: 'bob' } }]);
  });

  it.each([
    ['the member', cid, cid, undefined],
    ['a moderator, of a member', bob, cid, undefined],
    ['a moderator, of himself', bob, bob, undefined],
    ['the owner, of a moderator', ann, bob, undefined],
    ['the back end, of the owner', backEnd, ann, undefined],
    ['a moderator, of the owner', bob, ann, 'PERMISSION_DENIED'],
    ['another member', dan, cid, 'PERMISSION_DENIED'],
    ['an outsider', eve, eve, 'ROOM_NOT_FOUND'],
    ['an outsider, of a member', eve, cid, 'ROOM_NOT_FOUND'],
    ['the owner, of an outsider', ann, eve, 'ROOM_NOT_FOUND'],
  ] as const)('changed by %s', (_, operator, user, refusal) => {
    expect(refusalOf(room, changeMember(operator, user, { a: '1' }))).toBe(refusal);
  });

  it.each([
    ['nothing', changeMember(cid, cid, {}), 'INVALID_ARGUMENT set, deleted'],
    ['a key set and deleted', changeMember(cid, cid, { a: '1' }, ['a']), 'INVALID_ARGUMENT deleted[0]'],
    ['a long key', changeMember(cid, cid, { ['k'.repeat(33)]: '' }), 'ATTRIBUTE_INVALID set[0].key: 1 to 32 bytes'],
    ['a long value', changeMember(cid, cid, { a: 'v'.repeat(257) }), 'ATTRIBUTE_INVALID set[0].value: at most 256 bytes'],
  ])('refuse %s and name the field', (_, command, refusal) => {
    expect(refusalTextOf(room, command as RoomCommand)).toContain(refusal);
  });

  it('are at most thirty', () => {
    const keys = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`k${i}`, '']));
    const full = applied(room, changeMember(cid, cid, keys));
    expect(refusalOf(full, changeMember(cid, cid, { more: '' }))).toBe('ATTRIBUTE_LIMIT_REACHED');
    expect(refusalOf(full, changeMember(cid, cid, { more: '' }, ['k0']))).toBeUndefined();
  });
});
