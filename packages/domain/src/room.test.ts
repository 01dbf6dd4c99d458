import { describe, expect, it } from '@jest/globals';
import { decodeRoomEvent, encodeRoomEvent, type RoomEvent } from '@parley/contracts/events';
import type { AppId, ErrorName, RoomId, UserId } from '@parley/kernel';
import fc from 'fast-check';
import { decideRoom } from './decide-room.js';
import { evolveRoom, initialRoom, type Room, type RoomCommand, roomFromState, roomToState } from './room.js';

const head = { app: 'app' as AppId, room: 'hall' as RoomId, timeMs: 1_000, firstVersion: 1_024_000 };
const [ann, bob, cid] = ['ann', 'bob', 'cid'] as UserId[] as [UserId, UserId, UserId];
const made = (creator: UserId | '', memberLimit = 0): RoomCommand => ({
  ...head,
  type: 'create',
  name: 'Hall',
  creator,
  memberLimit,
});
const entered = (user: UserId, mustExist = false): RoomCommand => ({
  ...head,
  type: 'enter',
  user,
  name: 'Hall',
  mustExist,
});
const left = (user: UserId): RoomCommand => ({ ...head, type: 'leave', user });
const destroyed = (operator: UserId | ''): RoomCommand => ({ ...head, type: 'destroy', operator });

function eventsOf(room: Room, command: RoomCommand): readonly RoomEvent[] {
  const decision = decideRoom(room, command);
  if (!decision.ok) throw new Error(`refused: ${decision.error.name}`);
  return decision.value;
}

const after = (...commands: RoomCommand[]): Room =>
  commands.reduce<Room>((room, command) => eventsOf(room, command).reduce(evolveRoom, room), initialRoom);

function refusalOf(room: Room, command: RoomCommand): ErrorName | undefined {
  const decision = decideRoom(room, command);
  return decision.ok ? undefined : decision.error.name;
}

describe('entering a room', () => {
  it('makes the room when there is none, unless it must exist', () => {
    expect(after(entered(ann))).toMatchObject({ type: 'open', creator: 'ann', version: 1_024_000, memberLimit: 6_000 });
    expect(refusalOf(initialRoom, entered(ann, true))).toBe('ROOM_NOT_FOUND');
  });

  it('twice is no error and no event', () => {
    expect(eventsOf(after(entered(ann)), entered(ann, true))).toEqual([]);
  });

  it('is refused when the room is full', () => {
    expect(refusalOf(after(made('', 1), entered(ann)), entered(bob))).toBe('ROOM_FULL');
  });
});

describe('a room', () => {
  it('is destroyed when its last member leaves', () => {
    const room = after(entered(ann), entered(bob), left(ann));
    expect(eventsOf(room, left(bob)).map((event) => event.change?.type)).toEqual(['left', 'destroyed']);
    expect(after(entered(ann), left(ann))).toEqual(initialRoom);
  });

  it('stays when it is empty and the back end made it', () => {
    expect(after(made(''), entered(ann), left(ann))).toMatchObject({ type: 'open', creator: '' });
  });

  it('is created once, and again after its destruction', () => {
    const room = after(made(ann));
    expect(eventsOf(room, made(ann))).toEqual([]);
    expect(refusalOf(room, made(bob))).toBe('ROOM_EXISTS');
    expect(refusalOf(room, made(''))).toBe('ROOM_EXISTS');
    expect(after(made(ann), destroyed(ann), made(bob))).toMatchObject({ type: 'open', creator: 'bob' });
  });

  it('is destroyed by its creator and by the back end only', () => {
    const room = after(made(ann), entered(bob));
    expect(refusalOf(room, destroyed(bob))).toBe('PERMISSION_DENIED');
    expect(eventsOf(room, destroyed(ann))).toHaveLength(1);
    expect(eventsOf(room, destroyed(''))).toHaveLength(1);
  });

  it('looks absent to those who are not in it', () => {
    expect(refusalOf(after(made(ann)), destroyed(cid))).toBe('ROOM_NOT_FOUND');
    expect(refusalOf(initialRoom, destroyed(cid))).toBe('ROOM_NOT_FOUND');
    expect(eventsOf(after(made(ann)), left(cid))).toEqual(eventsOf(initialRoom, left(cid)));
  });

  it('keeps to its limits', () => {
    expect(refusalOf(initialRoom, { ...head, type: 'create', name: 'x'.repeat(51), creator: ann, memberLimit: 0 })).toBe(
      'INVALID_ARGUMENT',
    );
    expect(refusalOf(initialRoom, made(ann, 1_000_001))).toBe('INVALID_ARGUMENT');
  });
});

const user = fc.constantFrom(ann, bob, cid);
const operator = fc.oneof(user, fc.constant('' as const));
const name = fc.string({ maxLength: 60 });
const anyChange = fc.oneof(
  fc.record({ type: fc.constant('create' as const), name, creator: operator, memberLimit: fc.nat(3) }),
  fc.record({ type: fc.constant('enter' as const), user, name, mustExist: fc.boolean() }),
  fc.record({ type: fc.constant('leave' as const), user }),
  fc.record({ type: fc.constant('destroy' as const), operator }),
);

const comparable = (room: Room): unknown => (room.type === 'absent' ? room : roomToState(room));

describe('any sequence of commands', () => {
  it('keeps the invariants of a room, and versions grow over its destruction', () => {
    fc.assert(
      fc.property(fc.array(anyChange, { maxLength: 80 }), (changes) => {
        let room: Room = initialRoom;
        let restored: Room = initialRoom;
        let highest = 0;
        for (const change of changes) {
          const before = comparable(room);
          const command: RoomCommand = { ...head, ...change, firstVersion: highest + 5 };
          const decision = decideRoom(room, command);
          expect(decideRoom(room, command)).toEqual(decision);
          expect(comparable(room)).toEqual(before);
          if (!decision.ok) continue;
          for (const event of decision.value) {
            expect(event.version).toBeGreaterThan(highest);
            highest = event.version;
            room = evolveRoom(room, event);
            restored = evolveRoom(restored, decodeRoomEvent(encodeRoomEvent(event)));
            if (restored.type === 'open') restored = roomFromState(roomToState(restored));
          }
          expect(comparable(restored)).toEqual(comparable(room));
          if (room.type !== 'open') continue;
          expect(room.members.size).toBeLessThanOrEqual(room.memberLimit);
          expect(room.members.size > 0 || room.creator === '').toBe(true);
        }
      }),
    );
  });

  it('refuses to fold what cannot have happened', () => {
    const event: RoomEvent = {
      ...head,
      version: 1,
      operator: '',
      change: { type: 'entered', value: { users: ['ann'] } },
    };
    expect(() => evolveRoom(initialRoom, event)).toThrow(/without a room/);
    expect(() => evolveRoom(after(made(ann)), { ...event, change: undefined })).toThrow(/unknown kind/);
  });
});
