import { describe, expect, it } from '@jest/globals';
import { checkRooms } from './check-rooms.js';
import type { AnomalyType } from './observations.js';
import type { ObservedChange, RoomView, SeenAttribute } from './room-observations.js';

const room = 'hall';

interface Run {
  changes: ObservedChange[];
  views: RoomView[];
  members: string[];
  likes: number;
}

const change = (n: number, facts: Partial<ObservedChange>): ObservedChange => ({
  ...{ room, user: 'ann', deleted: [], force: false, updateOwner: false, deleteOnLeave: false, ifVersion: 0 },
  set: new Map(),
  invokedAt: n * 10,
  outcome: { type: 'ok', version: n, at: n * 10 + 5 },
  ...facts,
});

const attribute = (value: string, owner: string, isDeletedOnLeave = false): SeenAttribute => ({ value, owner, isDeletedOnLeave });
const view = (device: string, version: number, attributes: Readonly<Record<string, SeenAttribute>>): RoomView => ({
  ...{ device, room, version },
  attributes: new Map(Object.entries(attributes)),
});

const states: readonly Readonly<Record<string, SeenAttribute>>[] = [
  {},
  {},
  { a: attribute('1', 'ann', true) },
  { a: attribute('1', 'ann', true), b: attribute('2', 'bob') },
  { a: attribute('3', 'bob'), c: attribute('3', 'bob') },
  { c: attribute('3', 'bob'), d: attribute('4', 'cid', true) },
  // cid has left.
  { c: attribute('3', 'bob') },
];

/** Ann takes a; bob takes b; bob takes a over and deletes b; cid's change, whose answer was lost; cid leaves. */
function sound(): Run {
  return {
    changes: [
      change(2, { set: new Map([['a', '1']]), deleteOnLeave: true }),
      change(3, { user: 'bob', set: new Map([['b', '2']]), ifVersion: 2 }),
      change(4, {
        user: 'bob',
        set: new Map([
          ['a', '3'],
          ['c', '3'],
        ]),
        deleted: ['b'],
        ...{ force: true, updateOwner: true },
      }),
      change(5, { user: 'cid', set: new Map([['d', '4']]), deleted: ['a'], deleteOnLeave: true, outcome: { type: 'unknown' } }),
      change(5, { user: 'bob', set: new Map([['c', '5']]), outcome: { type: 'refused', code: 'RATE_LIMITED', at: 55 } }),
    ],
    views: ['one', 'two'].flatMap((device) => states.slice(1).map((state, index) => view(device, index + 1, state))),
    members: ['ann', 'bob'],
    likes: 7,
  };
}

function doctored(spoil: (run: Run) => void): AnomalyType[] {
  const run = sound();
  spoil(run);
  const { changes, views, members, likes } = run;
  const end = { room, version: 6, attributes: new Map(Object.entries(states[6] ?? {})), members, counters: new Map([['likes', likes]]) };
  const counts = [
    { room, counter: 'likes', certain: 4, added: 4 },
    { room, counter: 'likes', certain: 2, added: 3 },
  ];
  return [...new Set(checkRooms({ changes, views, counts, rooms: [end] }).map(({ type }) => type))];
}

const at = <T>(items: readonly T[], index: number): T => {
  const item = items[index];
  if (item === undefined) throw new Error(`nothing at ${index}`);
  return item;
};

describe('checkRooms', () => {
  it('has nothing to say about a sound run', () => {
    expect(doctored(() => {})).toEqual([]);
  });

  it('follows acknowledged changes over versions that nobody was shown', () => {
    expect(doctored(({ views }) => views.splice(0, views.length, view('one', 1, {}), view('one', 4, at(states, 4))))).toEqual([]);
    const other = { a: attribute('3', 'bob'), b: attribute('2', 'bob'), c: attribute('3', 'bob') };
    expect(doctored(({ views }) => views.splice(0, views.length, view('one', 1, {}), view('one', 4, other)))).toContain('unexplained');
  });

  it('accepts a change of unknown outcome that was not made', () => {
    const never = change(9, { user: 'bob', set: new Map([['x', '9']]), outcome: { type: 'unknown' } });
    expect(doctored(({ changes }) => changes.push(never))).toEqual([]);
  });

  it('finds an acknowledged change that is gone', () => {
    const gone = change(7, { user: 'bob', set: new Map([['x', '9']]) });
    expect(doctored(({ changes }) => changes.push(gone))).toContain('lost');
    expect(doctored(({ changes }) => changes.splice(1, 1, { ...at(changes, 1), set: new Map([['x', '2']]) }))).toContain('lost');
  });

  it('finds a key that an acknowledged change deleted and that is there', () => {
    const kept = { ...at(states, 4), b: attribute('2', 'bob') };
    const spoil = ({ views }: Run): unknown => views.splice(0, views.length, view('one', 4, kept));
    expect(doctored(spoil)).toContain('lost');
  });

  it('finds one version that two changes were given', () => {
    expect(doctored(({ changes }) => changes.push({ ...at(changes, 1), set: new Map([['x', '9']]) }))).toContain('duplicate');
  });

  it('finds a change that was made at another version than it was to be', () => {
    expect(doctored(({ changes }) => changes.splice(1, 1, { ...at(changes, 1), ifVersion: 1 }))).toEqual(['reordered']);
  });

  it('finds a change that stands before one that was acknowledged earlier', () => {
    expect(doctored(({ changes }) => changes.splice(0, 1, { ...at(changes, 0), invokedAt: 36 }))).toEqual(['reordered']);
  });

  it('finds a device that was shown an older state after a newer one', () => {
    expect(doctored(({ views }) => views.push(at(views, 2)))).toEqual(['reordered']);
  });

  it('finds observers that disagree about a version', () => {
    expect(doctored(({ views }) => views.push(view('three', 4, at(states, 3))))).toEqual(['divergent']);
  });

  it('finds a batch of which a part was seen', () => {
    const half = { a: attribute('3', 'bob'), b: attribute('2', 'bob') };
    const spoil = ({ views }: Run): unknown => views.splice(0, views.length, view('one', 3, at(states, 3)), view('one', 4, half));
    expect(doctored(spoil)).toContain('unexplained');
  });

  it('finds a change that was refused and made all the same', () => {
    const made = { c: attribute('5', 'bob'), d: attribute('4', 'cid', true) };
    expect(doctored(({ views }) => views.splice(0, views.length, view('one', 5, made)))).toContain('phantom');
  });

  it('finds a value that nobody set', () => {
    expect(doctored(({ views }) => views.splice(0, views.length, view('one', 1, { a: attribute('0', 'ann') })))).toContain('phantom');
  });

  it('finds a value that was seen before it was set', () => {
    expect(doctored(({ views }) => views.splice(0, views.length, view('one', 1, at(states, 2))))).toContain('reordered');
  });

  it('finds an attribute that went to the wrong owner', () => {
    const wrong = { a: attribute('3', 'ann'), c: attribute('3', 'bob') };
    const spoil = ({ views }: Run): unknown => views.splice(0, views.length, view('one', 3, at(states, 3)), view('one', 4, wrong));
    expect(doctored(spoil)).toEqual(['unexplained']);
  });

  it('finds a change of unknown outcome that was made twice', () => {
    const spoil = ({ changes, views }: Run): void => {
      changes.splice(3, 1, { ...at(changes, 3), deleteOnLeave: false });
      const [made, left] = [{ c: attribute('3', 'bob'), d: attribute('4', 'cid') }, at(states, 6)];
      const again = change(9, { user: 'bob', set: new Map([['c', '3']]), deleted: ['d'], outcome: { type: 'unknown' } });
      changes.push(again);
      views.splice(0, views.length, ...[left, made, left, made, left].map((state, index) => view('one', index + 1, state)));
    };
    expect(doctored(spoil)).toContain('duplicate');
  });

  it('finds attributes that vanished although their owner stays', () => {
    const spoil = ({ views }: Run): unknown =>
      views.splice(0, views.length, view('one', 5, { ...at(states, 5), e: attribute('5', 'cid', true) }), view('one', 6, at(states, 5)));
    expect(doctored(spoil)).toContain('unexplained');
  });

  it('finds attributes of somebody who has left', () => {
    const run = sound();
    const left = { d: attribute('4', 'cid', true) };
    const end = {
      room,
      version: 6,
      attributes: new Map(Object.entries(left)),
      members: ['ann', 'bob'],
      counters: new Map<string, number>(),
    };
    const found = checkRooms({ changes: run.changes, views: [], counts: [], rooms: [end] });
    expect(found).toMatchObject([{ type: 'unexplained', detail: expect.stringContaining('cid is not') }]);
  });

  it('finds a member who is in twice', () => {
    expect(doctored(({ members }) => members.push('ann'))).toEqual(['duplicate']);
  });

  it.each([
    [5, ['miscounted']],
    [6, []],
    [7, []],
    [8, ['miscounted']],
  ] as const)('compares a counter at %d with what was added for certain and at most', (likes, found) => {
    expect(doctored((run) => (run.likes = likes))).toEqual(found);
  });
});
