import { describe, expect, it } from '@jest/globals';
import { decodeRoomEvent, decodeRoomState, encodeRoomEvent, encodeRoomState, type RoomEvent } from '@parley/contracts/events';
import { limits } from '@parley/kernel';
import { createRoomOptions, MembershipCause, RoomRole } from '@parley/wire';
import fc from 'fast-check';
import { decideRoom } from './decide-room.js';
import { evolveRoom } from './evolve-room.js';
import { initialRoom, type OpenRoom, type Room } from './room.js';
import { roleOf } from './room/roles.js';
import { speakingRulesOf } from './room/speaking.js';
import type { RoomCommand } from './room-command.js';
import { roomFromState, roomToState } from './room-state.js';
import { ann, bob, cid, contribution, dan, head } from './testing/room-fixture.js';

type Change = Partial<RoomCommand> & Pick<RoomCommand, 'type'>;

const user = fc.constantFrom(ann, bob, cid, dan);
const operator = fc.oneof(user, fc.constant('' as const));
const name = fc.string({ maxLength: 52 });
const key = fc.constantFrom('seat', 'song', 'mode', 'score', '');
const pairs = fc.array(fc.record({ key, value: fc.string({ maxLength: 3 }) }), { maxLength: 3 });
const options = fc
  .record({ emptyTtlMs: fc.constantFrom(0, 50), keepsAttributes: fc.boolean(), isUnlisted: fc.boolean() })
  .map(createRoomOptions);
const cause = fc.constantFrom(MembershipCause.UNSPECIFIED, MembershipCause.OFFLINE);
const role = fc.constantFrom(RoomRole.UNSPECIFIED, RoomRole.MEMBER, RoomRole.MODERATOR, RoomRole.OWNER);
const durationMs = fc.constantFrom(0, 5, 40);
const counter = fc.constantFrom('likes', 'gifts', '');
const added = fc
  .tuple(operator, fc.nat(20), counter, fc.constantFrom('n1', 'n2'))
  .map(([by, total, of, nonce]) => contribution(by, total, of, nonce));
const batch = { operator, set: pairs, deleted: fc.array(key, { maxLength: 2 }) };
const isSet = fc.boolean();

const anyChange: fc.Arbitrary<Change> = fc.oneof(
  fc.record({
    type: fc.constant('create' as const),
    name,
    creator: operator,
    memberLimit: fc.nat(3),
    options,
    attributes: fc.constant([]),
  }),
  { weight: 4, arbitrary: fc.record({ type: fc.constant('enter' as const), user, name, options, mustExist: fc.boolean() }) },
  fc.record({ type: fc.constant('leave' as const), users: fc.array(user, { maxLength: 2 }), cause }),
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('destroy' as const), operator }) },
  fc.record({ type: fc.constant('expire' as const) }),
  fc.record({ type: fc.constant('kick' as const), operator, users: fc.array(user, { maxLength: 2 }) }),
  fc.record({ type: fc.constant('ban' as const), operator, user, durationMs }),
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('mute' as const),
      operator,
      user: operator,
      role,
      isEveryone: fc.constant(false),
      durationMs,
    }),
  },
  fc.record({
    type: fc.constant('mute' as const),
    operator,
    user: fc.constant('' as const),
    role: fc.constant(0 as const),
    isEveryone: fc.constant(true),
    durationMs,
  }),
  { weight: 2, arbitrary: fc.record({ type: fc.constant('setRole' as const), operator, user, role }) },
  fc.record({ type: fc.constant('rename' as const), operator, name }),
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('changeAttributes' as const),
      ...batch,
      force: isSet,
      updateOwner: isSet,
      deleteOnLeave: isSet,
      ifVersion: fc.constantFrom(0, 0, 2),
    }),
  },
  fc.record({ type: fc.constant('changeMemberAttributes' as const), ...batch, user }),
  { weight: 3, arbitrary: fc.record({ type: fc.constant('count' as const), contributions: fc.array(added, { maxLength: 4 }) }) },
);

const script = fc.array(fc.tuple(anyChange, fc.nat(20)), { maxLength: 80 });

/** The commands of a script, each at its time and ready to make a room behind all versions given so far. */
function play(steps: readonly (readonly [Change, number])[], visit: (step: Step) => void): void {
  let room: Room = initialRoom;
  let timeMs = head.timeMs;
  let highest = 0;
  for (const [change, delayMs] of steps) {
    timeMs += delayMs;
    const command = { ...head, ...change, timeMs, firstVersion: highest + 5 } as RoomCommand;
    const decision = decideRoom(room, command);
    const events = decision.ok ? decision.value : [];
    const next = events.reduce(evolveRoom, room);
    visit({ room, command, events, next, highest });
    highest = Math.max(highest, ...events.map((event) => event.version));
    room = next;
  }
}

interface Step {
  readonly room: Room;
  readonly command: RoomCommand;
  readonly events: readonly RoomEvent[];
  readonly next: Room;
  /** Of all versions given so far. */
  readonly highest: number;
}

/** Everything that a state says, in values. */
const comparable = (room: Room): unknown => (room.type === 'absent' ? room : structuredClone(roomToState(room)));

const changesState = new Set(['created', 'attributes', 'role', 'mute', 'renamed']);
const changesMembership = new Set(['created', 'entered', 'left', 'destroyed', 'role', 'mute', 'banned']);

function expectInvariants(room: OpenRoom, nowMs: number): void {
  expect(room.members.size).toBeLessThanOrEqual(room.memberLimit);
  expect(room.emptySinceMs > 0).toBe(room.members.size === 0);
  expect(room.members.size > 0 || room.creator === '' || room.options.emptyTtlMs > 0).toBe(true);
  expect(room.moderators.has(room.owner)).toBe(false);
  expect(room.attributes.size).toBeLessThanOrEqual(limits.roomAttributesMax);
  for (const [at, attribute] of room.attributes) expect([at, at.length > 0]).toEqual([attribute.key, true]);
  const present = room.members.inJoinOrder();
  expect([...room.memberAttributes.entries()].filter(([member]) => !room.members.has(member))).toEqual([]);
  expect([...room.contributions.entries()].filter(([member]) => member !== '' && !room.members.has(member))).toEqual([]);
  expect(present.filter((member) => (room.bans.get(member) ?? 0) > nowMs)).toEqual([]);
  const { muted, exempt } = speakingRulesOf(room, nowMs);
  expect(new Set(muted.map((entry) => entry.user)).size).toBe(muted.length);
  expect(new Set(exempt).size).toBe(exempt.length);
}

describe('any sequence of commands', () => {
  it('keeps the invariants of a room', () => {
    fc.assert(
      fc.property(script, (steps) => {
        play(steps, ({ next, command }) => {
          if (next.type === 'open') expectInvariants(next, command.timeMs);
        });
      }),
      { numRuns: 150 },
    );
  });

  it('gives versions that grow over the end of a room, and dense ones to what clients fold', () => {
    fc.assert(
      fc.property(script, (steps) => {
        play(steps, ({ room, events, highest }) => {
          let version = room.type === 'open' ? room.version : highest;
          let stateVersion = room.type === 'open' ? room.stateVersion : 0;
          for (const event of events) {
            const type = event.change?.type ?? '';
            if (type === 'created') expect(event.version).toBeGreaterThan(highest);
            else expect(event.version).toBe(version + (changesMembership.has(type) ? 1 : 0));
            expect(event.stateVersion).toBe(stateVersion + (changesState.has(type) ? 1 : 0));
            ({ version, stateVersion } = event);
          }
        });
      }),
    );
  });

  it('is decided without changing a state, the same way each time', () => {
    fc.assert(
      fc.property(script, (steps) => {
        const seen: (readonly [Room, unknown])[] = [];
        play(steps, ({ room, command, events }) => {
          const before = comparable(room);
          const again = decideRoom(room, command);
          expect(again.ok ? again.value : []).toEqual(events);
          expect(comparable(room)).toEqual(before);
          seen.push([room, before]);
        });
        // Also long after: a batch that could not be appended starts again from an old state.
        for (const [room, before] of seen) expect(comparable(room)).toEqual(before);
      }),
    );
  });

  it('leads to the same room through the log and through a snapshot', () => {
    fc.assert(
      fc.property(script, (steps) => {
        let restored: Room = initialRoom;
        play(steps, ({ events, next }) => {
          for (const event of events) {
            restored = evolveRoom(restored, decodeRoomEvent(encodeRoomEvent(event)));
            if (restored.type === 'open') restored = roomFromState(decodeRoomState(encodeRoomState(roomToState(restored))));
          }
          expect(comparable(restored)).toEqual(comparable(next));
          expect(restored.type).toBe(next.type);
        });
      }),
    );
  });

  it('lets only those act who may', () => {
    fc.assert(
      fc.property(script, (steps) => {
        play(steps, ({ room, command, events }) => {
          if (room.type !== 'open' || events.length === 0 || !('operator' in command) || command.operator === '') return;
          const actor = roleOf(room, command.operator);
          if (command.type !== 'destroy') expect(room.members.has(command.operator)).toBe(true);
          if (command.type === 'destroy' || command.type === 'setRole') expect(actor).toBe(RoomRole.OWNER);
          if (command.type === 'kick' || command.type === 'ban' || command.type === 'mute')
            expect(actor).toBeGreaterThanOrEqual(RoomRole.MODERATOR);
          if (command.type === 'ban') expect(actor).toBeGreaterThan(roleOf(room, command.user));
        });
      }),
    );
  });
});

/** Counters as one would define them: the largest total of each contributor and stay. */
class CounterOracle {
  readonly #totals = new Map<string, number>();
  readonly #stays = new Map<string, number>();

  fold({ change }: RoomEvent, next: Room): void {
    if (change?.type === 'created') this.#totals.clear();
    if (change?.type === 'left') for (const member of change.value.users) this.#stays.set(member, this.#stayOf(member) + 1);
    const isCleared = next.type === 'open' && next.members.size === 0 && !next.options.keepsAttributes;
    if (change?.type === 'left' && isCleared) {
      this.#totals.clear();
      // Requests of the back end are forgotten with the counters.
      this.#stays.set('', this.#stayOf('') + 1);
    }
  }

  take({ contributions }: RoomCommand & { readonly type: 'count' }, room: OpenRoom): void {
    for (const { counter: of, user: by, nonce, total } of contributions) {
      if (of === '' || total === 0 || (by !== '' && !room.members.has(by))) continue;
      const at = JSON.stringify([of, by, nonce, this.#stayOf(by)]);
      this.#totals.set(at, Math.max(this.#totals.get(at) ?? 0, total));
    }
  }

  values(): ReadonlyMap<string, number> {
    const sums = new Map<string, number>();
    for (const [at, total] of this.#totals) {
      const [of] = JSON.parse(at) as [string];
      sums.set(of, (sums.get(of) ?? 0) + total);
    }
    return sums;
  }

  #stayOf(by: string): number {
    return this.#stays.get(by) ?? 0;
  }
}

describe('counters over any sequence of commands', () => {
  it('are the sums of the largest totals of each contributor and stay', () => {
    fc.assert(
      fc.property(script, (steps) => {
        const oracle = new CounterOracle();
        play(steps, ({ room, command, events, next }) => {
          for (const event of events) oracle.fold(event, next);
          if (command.type === 'count' && room.type === 'open') oracle.take(command, room);
          if (next.type === 'open') expect(next.counters).toEqual(oracle.values());
        });
      }),
      { numRuns: 150 },
    );
  });
});
