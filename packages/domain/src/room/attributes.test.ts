import { describe, expect, it } from '@jest/globals';
import { decideRoom } from '../decide-room.js';
import type { RoomCommand } from '../room-command.js';
import {
  after,
  ann,
  applied,
  backEnd,
  bob,
  change,
  changesOf,
  cid,
  create,
  enter,
  eve,
  eventsOf,
  open,
  refusalOf,
  refusalTextOf,
} from '../testing/room-fixture.js';

const room = after(create(ann), enter(bob), change(ann, { seat: 'ann' }));
const attributesAfter = (command: RoomCommand): unknown => Object.fromEntries(open(applied(room, command)).attributes);

describe('attributes of a room', () => {
  it('are changed by any member, not by outsiders', () => {
    expect(attributesAfter(change(bob, { song: 'x' }))).toMatchObject({ song: { value: 'x', owner: 'bob', isDeletedOnLeave: false } });
    expect(refusalOf(room, change(eve, { song: 'x' }))).toBe('ROOM_NOT_FOUND');
  });

  it('change together: one event, one version', () => {
    const command = change(ann, { a: '1', b: '2' }, { deleted: ['seat', 'none'] });
    expect(eventsOf(room, command)).toMatchObject([
      { operator: 'ann', stateVersion: 3, version: open(room).version, change: { type: 'attributes', value: { deleted: ['seat'] } } },
    ]);
    expect(Object.keys(attributesAfter(command) as object)).toEqual(['a', 'b']);
  });

  it('change together or not at all', () => {
    expect(refusalOf(room, change(bob, { free: '1', seat: 'bob' }))).toBe('ATTRIBUTE_OWNED');
    expect(refusalOf(room, change(bob, { free: '1' }, { deleted: ['seat'] }))).toBe('ATTRIBUTE_OWNED');
  });

  it('belong to whoever set them first: of two who want a seat exactly one gets it', () => {
    const start = after(create(backEnd), enter(bob), enter(cid));
    for (const [first, second] of [
      [bob, cid],
      [cid, bob],
    ] as const) {
      const taken = applied(start, change(first, { seat1: first }));
      expect(refusalTextOf(taken, change(second, { seat1: second }))).toBe('ATTRIBUTE_OWNED key: seat1');
      expect(open(taken).attributes.get('seat1')?.value).toBe(first);
    }
    const [byVersion, late] = [bob, cid].map((user) => change(user, { score: user }, { force: true, ifVersion: 1 })) as [
      RoomCommand,
      RoomCommand,
    ];
    expect(refusalTextOf(applied(start, byVersion), late)).toBe('VERSION_CONFLICT state_version: 2');
  });

  it('of others take force, and keep their owner unless it is changed', () => {
    expect(attributesAfter(change(bob, { seat: 'x' }, { force: true }))).toMatchObject({ seat: { value: 'x', owner: 'ann' } });
    const taken = change(bob, { seat: 'x' }, { force: true, updateOwner: true });
    expect(attributesAfter(taken)).toMatchObject({ seat: { value: 'x', owner: 'bob' } });
    expect(attributesAfter(change(bob, {}, { force: true, deleted: ['seat'] }))).toEqual({});
    expect(attributesAfter(change(backEnd, { seat: 'x' }))).toMatchObject({ seat: { value: 'x', owner: 'ann' } });
  });

  it('of the back end take force too', () => {
    const config = after(create(backEnd, { attributes: [{ key: 'mode', value: 'quiz' }] }), enter(bob));
    expect(refusalOf(config, change(bob, { mode: 'x' }))).toBe('ATTRIBUTE_OWNED');
  });

  it('are free again once they are deleted', () => {
    expect(open(applied(room, change(ann, {}, { deleted: ['seat'] }), change(bob, { seat: 'bob' }))).attributes.get('seat')?.owner).toBe(
      'bob',
    );
  });

  it('that are so already are no event, and others beside them are', () => {
    expect(eventsOf(room, change(ann, { seat: 'ann' }))).toEqual([]);
    expect(eventsOf(room, change(ann, {}, { deleted: ['none'] }))).toEqual([]);
    const changes = changesOf(room, change(ann, { seat: 'ann', song: 'x' }));
    expect(changes).toMatchObject([{ value: { set: [{ key: 'song' }] } }]);
    expect(changesOf(room, change(ann, { seat: 'ann' }, { deleteOnLeave: true }))).toHaveLength(1);
  });

  it('change only at the version that was asked for', () => {
    expect(open(room).stateVersion).toBe(2);
    expect(refusalOf(room, change(ann, { a: '1' }, { ifVersion: 1 }))).toBe('VERSION_CONFLICT');
    expect(refusalOf(room, change(ann, { a: '1' }, { ifVersion: 2 }))).toBeUndefined();
  });

  it.each([
    ['nothing', change(ann, {}), 'INVALID_ARGUMENT set, deleted'],
    [
      'a key twice',
      {
        ...change(ann, {}),
        set: [
          { key: 'a', value: '1' },
          { key: 'a', value: '1' },
        ],
      },
      'INVALID_ARGUMENT set[1].key',
    ],
    ['a key set and deleted', change(ann, { a: '1' }, { deleted: ['a'] }), 'INVALID_ARGUMENT deleted[0]'],
    ['no key', change(ann, { a: '1', '': '2' }), 'ATTRIBUTE_INVALID set[1].key'],
    ['a long key', change(ann, { ['ä'.repeat(33)]: '' }), 'ATTRIBUTE_INVALID set[0].key: 1 to 64 bytes'],
    ['a long key to delete', change(ann, {}, { deleted: ['k'.repeat(65)] }), 'ATTRIBUTE_INVALID deleted[0]'],
    ['a long value', change(ann, { a: 'ä'.repeat(513) }), 'ATTRIBUTE_INVALID set[0].value: at most 1024 bytes'],
  ])('refuse %s and name the field', (_, command, refusal) => {
    expect(refusalTextOf(room, command as RoomCommand)).toContain(refusal);
  });

  it('take what just fits', () => {
    expect(refusalOf(room, change(ann, { ['ä'.repeat(32)]: 'ä'.repeat(512) }))).toBeUndefined();
  });

  it('are at most twenty, counted after the change', () => {
    const keys = Object.fromEntries(Array.from({ length: 19 }, (_, i) => [`k${i}`, '']));
    const full = applied(room, change(ann, keys));
    expect(refusalOf(full, change(ann, { one: 'more' }))).toBe('ATTRIBUTE_LIMIT_REACHED');
    expect(refusalOf(full, change(ann, { one: 'more' }, { deleted: ['k0'] }))).toBeUndefined();
    expect(refusalOf(full, change(ann, { k0: 'other' }))).toBeUndefined();
  });

  it('are at most 5 KiB of keys and values', () => {
    const value = 'v'.repeat(1_022);
    const full = applied(after(create(ann)), change(ann, { k0: value, k1: value, k2: value, k3: value, k4: value }));
    expect(refusalOf(full, change(ann, { x: '' }))).toBe('ATTRIBUTE_LIMIT_REACHED');
    expect(refusalOf(full, change(ann, { k0: 'v'.repeat(1_021), x: '' }))).toBeUndefined();
  });

  it('are left as they are by a batch that was decided and thrown away', () => {
    const before = structuredClone([...open(room).attributes]);
    applied(room, change(bob, { a: '1' }), change(bob, { a: '2' }, { deleted: ['none'] }));
    decideRoom(room, change(bob, { b: '1' }));
    expect([...open(room).attributes]).toEqual(before);
  });
});
