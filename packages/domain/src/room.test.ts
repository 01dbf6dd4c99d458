import { describe, expect, it } from '@jest/globals';
import type { RoomEvent } from '@parley/contracts/events';
import { limits } from '@parley/kernel';
import { createRoomOptions, HistoryAccess, MembershipCause } from '@parley/wire';
import { evolveRoom } from './evolve-room.js';
import { initialRoom } from './room.js';
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
  count,
  contribution,
  create,
  destroy,
  enter,
  eventsOf,
  expire,
  head,
  kick,
  leave,
  open,
  refusalOf,
  refusalTextOf,
  setRole,
  typesOf,
} from './testing/room-fixture.js';

const ttl = { emptyTtlMs: 60_000 };

describe('entering a room', () => {
  it('makes the room when there is none, unless it must exist', () => {
    const room = after({ ...enter(ann), options: createRoomOptions(ttl) });
    expect(room).toMatchObject({ type: 'open', creator: 'ann', owner: 'ann', version: 1_024_000, stateVersion: 1, memberLimit: 6_000 });
    expect(open(room).options.emptyTtlMs).toBe(60_000);
    expect(refusalOf(initialRoom, enter(ann, true))).toBe('ROOM_NOT_FOUND');
  });

  it('twice is no error and no event', () => {
    expect(eventsOf(after(enter(ann)), enter(ann, true))).toEqual([]);
  });

  it('is refused when the room is full, or to who is banned until the ban is over', () => {
    expect(refusalOf(after(create(backEnd, { memberLimit: 1 }), enter(ann)), enter(bob))).toBe('ROOM_FULL');
    const room = after(create(ann), ban(ann, bob, 500));
    expect(refusalOf(room, at(1_499, enter(bob)))).toBe('BANNED');
    expect(typesOf(room, at(1_500, enter(bob)))).toEqual(['entered']);
  });

  it('raises the version, not the state version', () => {
    expect(after(create(ann), enter(bob))).toMatchObject({ version: 1_024_001, stateVersion: 1 });
  });
});

describe('creating a room', () => {
  it('is done once, and again after its destruction', () => {
    const room = after(create(ann));
    expect(eventsOf(room, create(ann))).toEqual([]);
    expect(refusalOf(room, create(bob))).toBe('ROOM_EXISTS');
    expect(refusalOf(room, create(backEnd))).toBe('ROOM_EXISTS');
    expect(refusalOf(applied(room, enter(bob), leave(ann)), create(ann))).toBe('ROOM_EXISTS');
    expect(after(create(ann), destroy(ann), create(bob))).toMatchObject({ type: 'open', creator: 'bob' });
  });

  it('brings first attributes, which belong to the creator', () => {
    const room = after(create(ann, { attributes: [{ key: 'seat', value: 'x', owner: 'bob', isDeletedOnLeave: true }] }));
    expect(open(room).attributes.get('seat')).toEqual({ key: 'seat', value: 'x', owner: 'ann', isDeletedOnLeave: true });
    expect(open(room).stateVersion).toBe(2);
  });

  it('lets newcomers read nothing of before unless it says so', () => {
    const access = (historyAccess: HistoryAccess): unknown =>
      open(after(create(ann, { options: { historyAccess } }))).options.historyAccess;
    expect([HistoryAccess.UNSPECIFIED, HistoryAccess.FROM_JOIN, HistoryAccess.RECENT].map(access)).toEqual([1, 1, 2]);
  });

  it.each([
    ['a long name', { name: 'x'.repeat(51) }, 'INVALID_ARGUMENT name'],
    ['too many members', { memberLimit: 1_000_001 }, 'INVALID_ARGUMENT member_limit'],
    ['a long stay', { options: { emptyTtlMs: limits.roomEmptyTtlMsMax + 1 } }, 'INVALID_ARGUMENT options.empty_ttl_ms'],
    ['a key without text', { attributes: [{ key: '' }] }, 'ATTRIBUTE_INVALID set[0].key'],
    ['a key twice', { attributes: [{ key: 'a' }, { key: 'a' }] }, 'INVALID_ARGUMENT set[1].key'],
    ['many attributes', { attributes: Array.from({ length: 21 }, (_, i) => ({ key: `k${i}` })) }, 'ATTRIBUTE_LIMIT_REACHED at most 20'],
  ])('with %s is refused', (_, init, refusal) => {
    expect(refusalTextOf(initialRoom, create(ann, init))).toContain(refusal);
  });
});

describe('leaving a room', () => {
  it('tells why, and who did it where that is one who wanted to', () => {
    const room = after(create(ann), enter(bob), enter(cid));
    const switched = { ...leave(bob), cause: MembershipCause.SWITCHED };
    expect(eventsOf(room, switched)).toMatchObject([{ operator: 'bob', change: { value: { users: ['bob'], cause: switched.cause } } }]);
    const offline = { ...leave(bob), cause: MembershipCause.OFFLINE };
    expect(eventsOf(room, offline)).toMatchObject([{ operator: '', change: { value: { cause: offline.cause } } }]);
  });

  it('of several is one event; who is not in is passed over', () => {
    const room = after(create(ann), enter(bob), enter(cid));
    expect(changesOf(room, leave(bob, 'eve' as typeof bob, cid, bob))).toMatchObject([{ type: 'left', value: { users: ['bob', 'cid'] } }]);
    expect(eventsOf(room, leave('eve' as typeof bob))).toEqual([]);
    expect(eventsOf(initialRoom, leave(bob))).toEqual([]);
  });

  it('takes along the attributes that are to go with their owner', () => {
    const room = after(
      create(ann),
      enter(bob),
      enter(cid),
      change(bob, { seat: 'bob' }, { deleteOnLeave: true }),
      change(bob, { song: 'x' }),
    );
    const events = eventsOf(room, leave(bob));
    expect(events).toMatchObject([
      { change: { type: 'left' }, version: 1_024_003, stateVersion: 3 },
      { operator: '', change: { type: 'attributes', value: { set: [], deleted: ['seat'] } }, version: 1_024_003, stateVersion: 4 },
    ]);
    expect([...open(applied(room, leave(bob))).attributes.keys()]).toEqual(['song']);
    expect(typesOf(room, leave(cid))).toEqual(['left']);
    expect(typesOf(room, kick(ann, bob))).toEqual(['left', 'attributes']);
    expect(typesOf(room, ban(ann, bob))).toEqual(['banned', 'left', 'attributes']);
  });
});

describe('a room without members', () => {
  it('is destroyed at once when a user made it and it has no time to live', () => {
    const room = after(enter(ann), enter(bob), change(ann, { a: '1' }), leave(ann));
    expect(changesOf(room, leave(bob))).toMatchObject([{ type: 'left' }, { type: 'destroyed', value: { cause: MembershipCause.EMPTY } }]);
    expect(applied(room, leave(bob))).toEqual(initialRoom);
    expect(applied(room, kick(backEnd, bob))).toEqual(initialRoom);
  });

  it('stays for good when the back end made it without a time to live', () => {
    const room = after(create(backEnd), enter(ann), leave(ann));
    expect(room).toMatchObject({ type: 'open', creator: '' });
    expect(eventsOf(room, expire(10 ** 12))).toEqual([]);
  });

  it('is destroyed when its time has passed, not before', () => {
    const room = after(create(ann, { options: ttl }), at(5_000, leave(ann)));
    expect(open(room).emptySinceMs).toBe(5_000);
    expect(eventsOf(room, expire(64_999))).toEqual([]);
    expect(eventsOf(room, expire(65_000))).toMatchObject([
      { operator: '', change: { type: 'destroyed', value: { cause: MembershipCause.EMPTY } } },
    ]);
    expect(eventsOf(initialRoom, expire(65_000))).toEqual([]);
  });

  it('lives on when somebody enters in time', () => {
    const room = after(create(ann, { options: ttl }), leave(ann), enter(bob));
    expect(open(room).emptySinceMs).toBe(0);
    expect(eventsOf(room, expire(10 ** 12))).toEqual([]);
    expect(open(room).owner).toBe('ann');
  });

  it('also waits for its first member for no longer than that', () => {
    const room = after(create(backEnd, { options: ttl }));
    expect(eventsOf(room, expire(60_999))).toEqual([]);
    expect(typesOf(room, expire(61_000))).toEqual(['destroyed']);
  });

  it('loses attributes and counters unless it keeps them', () => {
    const used = [change(ann, { a: '1', b: '2' }), change(ann, { seat: 'ann' }, { deleteOnLeave: true }), count(contribution(ann, 7))];
    const cleared = after(create(ann, { options: ttl }), ...used);
    expect(changesOf(cleared, leave(ann))[1]).toEqual({ type: 'attributes', value: { set: [], deleted: ['a', 'b', 'seat'] } });
    const empty = open(applied(cleared, leave(ann)));
    expect([empty.attributes.size, empty.counters.size, empty.contributions.size, empty.stateVersion]).toEqual([0, 0, 0, 4]);

    const kept = open(after(create(ann, { options: { ...ttl, keepsAttributes: true } }), ...used, leave(ann)));
    expect([[...kept.attributes.keys()], kept.counters.get('likes'), kept.contributions.size]).toEqual([['a', 'b'], 7, 0]);
  });
});

describe('destroying a room', () => {
  it('is for its owner and the back end', () => {
    const room = after(create(ann), enter(bob), setRole(ann, bob, 2));
    expect(refusalOf(room, destroy(bob))).toBe('PERMISSION_DENIED');
    for (const operator of [ann, backEnd] as const) {
      expect(eventsOf(room, destroy(operator))).toMatchObject([
        { operator, change: { type: 'destroyed', value: { cause: MembershipCause.DESTROYED } } },
      ]);
    }
  });

  it('can be done by the owner from outside, unless banned', () => {
    const room = after(create(ann), enter(bob), leave(ann));
    expect(typesOf(room, destroy(ann))).toEqual(['destroyed']);
    expect(refusalOf(applied(room, ban(backEnd, ann)), destroy(ann))).toBe('ROOM_NOT_FOUND');
  });
});

describe('the fold of a room', () => {
  it('refuses what cannot have happened', () => {
    const event: RoomEvent = { ...head, version: 1, stateVersion: 1, operator: '', change: { type: 'entered', value: { users: ['ann'] } } };
    expect(() => evolveRoom(initialRoom, event)).toThrow(/without a room/);
    expect(() => evolveRoom(after(create(ann)), { ...event, change: undefined })).toThrow(/unknown kind/);
  });
});
