import { describe, expect, it } from '@jest/globals';
import { limits } from '@parley/kernel';
import { createRelationChange, createRelationSide, type Relation, type RelationChangeInit, RequestState } from '@parley/wire';
import { type AppRules, defaultRules } from '../app-rules.js';
import { refusalTextOf } from '../testing/act-fixture.js';
import { decideRelation } from './decide-relation.js';
import { eraseSide } from './erase-side.js';
import { isViewChanged, refusalOfKnown, refusalOfRelation, relationViewOf } from './relation.js';
import { isWaiting } from './requests.js';

type Step = NonNullable<RelationChangeInit['step']>;

interface Move {
  readonly by: 'ann' | 'bob';
  readonly step: Step;
  readonly at?: number;
  readonly isPrivileged?: boolean;
  readonly rules?: Partial<AppRules>;
}

const add = (by: Move['by'], options: Partial<Move> = {}): Move => ({
  by,
  step: { type: 'add', value: { alias: 'pal' } },
  isPrivileged: true,
  ...options,
});
const ask = (by: Move['by'], options: Partial<Move> = {}): Move => ({ by, step: { type: 'ask', value: { text: 'hi' } }, ...options });
const answer = (by: Move['by'], isAccepted: boolean, options: Partial<Move> = {}): Move => ({
  by,
  step: { type: 'answer', value: { isAccepted } },
  ...options,
});
const remove = (by: Move['by'], isOneSided = false): Move => ({ by, step: { type: 'remove', value: { isOneSided } } });
const block = (by: Move['by'], isOn = true): Move => ({ by, step: { type: 'block', value: { isOn } } });
const describeAs = (by: Move['by'], value: Extract<Step, { type: 'describe' }>['value']): Move => ({
  by,
  step: { type: 'describe', value },
});

const decide = (relation: Relation | undefined, { by, step, at = 1_000, isPrivileged = false, rules }: Move) =>
  decideRelation(relation, createRelationChange({ user: by, other: by === 'ann' ? 'bob' : 'ann', step }), {
    timeMs: at,
    isPrivileged,
    rules: { ...defaultRules, ...rules },
  });

function after(...moves: Move[]): Relation {
  let relation: Relation | undefined;
  for (const move of moves) {
    const decided = decide(relation, move);
    if (!decided.ok) throw new Error(refusalTextOf(decided));
    relation = decided.value;
  }
  if (relation === undefined) throw new Error('nothing happened');
  return relation;
}

const refusalOf = (...moves: Move[]): string => {
  const last = moves.at(-1);
  if (last === undefined) throw new Error('no move');
  return refusalTextOf(decide(moves.length === 1 ? undefined : after(...moves.slice(0, -1)), last));
};

/** What each has of the other: F friend, R request that waits, B block. */
function summary(relation: Relation, now = 1_000): string {
  const of = (side: Relation['a']): string =>
    `${side?.isFriend ? 'F' : ''}${isWaiting(side?.request, now) ? 'R' : ''}${side?.isBlocking ? 'B' : ''}` || '-';
  return `${of(relation.a)} ${of(relation.b)}`;
}

const late = 1_000 + limits.requestMs;

describe('steps of users', () => {
  it.each<[string, readonly Move[], string]>([
    ['asking waits', [ask('ann')], 'R -'],
    ['asking who has asked makes friends', [ask('ann'), ask('bob')], 'F F'],
    ['asking who has asked too long ago waits', [ask('ann'), ask('bob', { at: late })], '- R'],
    ['accepting makes friends', [ask('ann'), answer('bob', true)], 'F F'],
    ['rejecting makes none', [ask('ann'), answer('bob', false)], '- -'],
    ['asking again after a rejection waits', [ask('ann'), answer('bob', false), ask('ann')], 'R -'],
    ['adding by the back end makes friends', [add('ann')], 'F F'],
    ['adding ends what waits', [ask('bob'), add('ann')], 'F F'],
    ['adding one-sidedly makes one friend', [add('ann', { step: { type: 'add', value: { isOneSided: true } } })], 'F -'],
    ['adding completes what is one-sided', [add('ann', { step: { type: 'add', value: { isOneSided: true } } }), add('bob')], 'F F'],
    [
      'adding by users, where no request is needed',
      [add('ann', { isPrivileged: false, rules: { areFriendRequestsNeeded: false } })],
      'F F',
    ],
    ['removing', [add('ann'), remove('bob')], '- -'],
    ['removing one-sidedly', [add('ann'), remove('bob', true)], 'F -'],
    ['asking who is still a friend', [add('ann'), remove('bob', true), ask('bob')], 'F F'],
    ['asking who is a friend no more waits', [add('ann'), remove('bob', true), ask('ann')], 'FR -'],
    ['removing takes an own request back', [ask('ann'), remove('ann')], '- -'],
    ['removing leaves the request of the other', [ask('bob'), remove('ann')], '- R'],
    ['blocking', [block('bob')], '- B'],
    ['blocking each other', [block('bob'), block('ann')], 'B B'],
    ['blocking keeps friends', [add('ann'), block('bob')], 'F FB'],
    ['blocking ends the request of the other', [ask('ann'), block('bob')], '- B'],
    ['blocking ends the own request', [ask('ann'), block('ann')], 'B -'],
    ['unblocking', [block('bob'), block('bob', false)], '- -'],
    ['adding by the back end does not unblock', [block('bob'), add('ann')], 'F FB'],
  ])('%s', (_, moves, expected) => {
    expect(summary(after(...moves), moves.at(-1)?.at)).toBe(expected);
  });

  it.each<[string, readonly Move[], string]>([
    [
      'adding where a request is needed',
      [add('ann', { isPrivileged: false })],
      'PERMISSION_DENIED relation.add: the app asks for a request',
    ],
    [
      'adding one-sidedly by a user',
      [add('ann', { isPrivileged: false, rules: { areFriendRequestsNeeded: false }, step: { type: 'add', value: { isOneSided: true } } })],
      'PERMISSION_DENIED relation.add.is_one_sided: the back end only',
    ],
    ['adding who blocks', [block('bob'), add('ann', { isPrivileged: false, rules: { areFriendRequestsNeeded: false } })], 'BLOCKED'],
    ['asking who blocks', [block('bob'), ask('ann')], 'BLOCKED'],
    ['asking who is blocked', [block('ann'), ask('ann')], 'BLOCKED'],
    ['answering nothing', [answer('bob', true)], 'REQUEST_NOT_FOUND'],
    ['answering the own request', [ask('ann'), answer('ann', true)], 'REQUEST_NOT_FOUND'],
    ['answering twice', [ask('ann'), answer('bob', false), answer('bob', true)], 'REQUEST_NOT_FOUND'],
    ['answering too late', [ask('ann'), answer('bob', true, { at: late })], 'REQUEST_NOT_FOUND'],
    ['answering what was taken back', [ask('ann'), remove('ann'), answer('bob', true)], 'REQUEST_NOT_FOUND'],
    ['answering after a block', [ask('ann'), block('bob'), answer('bob', true)], 'REQUEST_NOT_FOUND'],
    ['describing a stranger', [describeAs('ann', { alias: { text: 'pal' } })], 'NOT_FRIENDS'],
  ])('refuses %s', (_, moves, text) => {
    expect(refusalOf(...moves)).toBe(text);
  });

  it('lets a request be accepted until the last moment', () => {
    expect(summary(after(ask('ann'), answer('bob', true, { at: late - 1 })))).toBe('F F');
  });

  it.each<[string, readonly Move[]]>([
    ['adding', [add('ann'), add('ann')]],
    ['asking a friend', [add('ann'), ask('bob')]],
    ['asking in the same words', [ask('ann'), ask('ann', { at: 2_000 })]],
    ['removing', [add('ann'), remove('bob'), remove('bob')]],
    ['removing a stranger', [block('ann'), remove('ann')]],
    ['blocking', [block('bob'), block('bob')]],
    ['unblocking', [block('bob'), block('bob', false), block('bob', false)]],
    [
      'describing',
      [add('ann'), describeAs('ann', { set: [{ key: 'a', value: '1' }] }), describeAs('ann', { set: [{ key: 'a', value: '1' }] })],
    ],
  ])('%s twice is no change', (_, moves) => {
    expect(after(...moves)).toEqual(after(...moves.slice(0, -1)));
  });

  it('raises the version with each change, from nothing', () => {
    expect(
      [after(ask('ann')), after(ask('ann'), answer('bob', true)), after(ask('ann'), answer('bob', true), block('ann'))].map(
        (it) => it.version,
      ),
    ).toEqual([1, 2, 3]);
    expect(after(remove('ann')).version).toBe(0);
  });

  it('is between two users', () => {
    const change = (user: string, other: string) => createRelationChange({ user, other, step: { type: 'block', value: {} } });
    const context = { timeMs: 1, isPrivileged: true, rules: defaultRules };
    expect(refusalTextOf(decideRelation(undefined, change('ann', 'ann'), context))).toContain('INVALID_ARGUMENT relation.other');
    expect(refusalTextOf(decideRelation(undefined, change('ann', ''), context))).toContain('INVALID_ARGUMENT relation.other');
    expect(refusalTextOf(decideRelation(undefined, change('a|b', 'ann'), context))).toContain('INVALID_ARGUMENT relation.user');
    expect(refusalTextOf(decideRelation(undefined, createRelationChange({ user: 'ann', other: 'bob' }), context))).toContain(
      'relation: a known step',
    );
  });
});

describe('what is said about a friend', () => {
  it('is kept for who says it, and goes with the friendship', () => {
    const friends = after(
      add('ann'),
      describeAs('ann', {
        alias: { text: 'Bobby' },
        set: [
          { key: 'a', value: '1' },
          { key: 'b', value: '2' },
        ],
      }),
    );
    const changed = after(
      add('ann'),
      describeAs('ann', {
        set: [
          { key: 'a', value: '1' },
          { key: 'b', value: '2' },
        ],
      }),
      describeAs('ann', { set: [{ key: 'b', value: '3' }], deleted: ['a'] }),
    );
    expect(relationViewOf(friends, 'ann')).toMatchObject({ alias: 'Bobby', attributes: [{ key: 'a' }, { key: 'b' }] });
    expect(relationViewOf(friends, 'bob')).toMatchObject({ alias: '', attributes: [] });
    expect(changed.a).toMatchObject({ alias: 'pal', attributes: [{ key: 'b', value: '3' }] });
    expect(after(add('ann'), remove('bob')).a).toMatchObject({ alias: '', attributes: [] });
  });

  it('has a bounded number of attributes', () => {
    const set = (count: number) => Array.from({ length: count }, (_, i) => ({ key: `k${i}`, value: '' }));
    expect(after(add('ann'), describeAs('ann', { set: set(10) })).a?.attributes).toHaveLength(10);
    expect(refusalOf(add('ann'), describeAs('ann', { set: set(11) }))).toBe(
      'ATTRIBUTE_LIMIT_REACHED relation.describe.set: at most 10 attributes',
    );
  });
});

describe('each of the two', () => {
  it('sees the own side, and of the other the friendship and the request', () => {
    const relation = after(ask('ann'), block('ann'));
    expect(relationViewOf(after(ask('ann')), 'bob')).toMatchObject({
      other: 'ann',
      received: { text: 'hi', state: RequestState.WAITING },
      sent: undefined,
    });
    expect(relationViewOf(relation, 'ann')).toMatchObject({ other: 'bob', isBlocked: true, blockedSinceMs: 1_000 });
    expect(relationViewOf(relation, 'bob')).toMatchObject({ other: 'ann', isBlocked: false, blockedSinceMs: 0 });
    expect(relationViewOf(after(add('ann'), remove('ann', true)), 'ann')).toMatchObject({ isFriend: false, isBefriended: true });
  });

  it('is told only what changes for them', () => {
    const blocked = after(block('bob'));
    expect([isViewChanged(undefined, blocked, 'ann'), isViewChanged(undefined, blocked, 'bob')]).toEqual([false, true]);
    const asked = after(ask('ann'));
    expect([isViewChanged(undefined, asked, 'ann'), isViewChanged(undefined, asked, 'bob')]).toEqual([true, true]);
    const described = after(add('ann'), describeAs('ann', { alias: { text: 'x' } }));
    expect([isViewChanged(after(add('ann')), described, 'ann'), isViewChanged(after(add('ann')), described, 'bob')]).toEqual([true, false]);
  });

  it('learns nothing of the moment of a block from an ended request', () => {
    expect(relationViewOf(after(ask('ann'), block('bob')), 'ann').sent).toMatchObject({ state: RequestState.EXPIRED, answeredMs: 0 });
    expect(relationViewOf(after(ask('ann'), answer('bob', false, { at: 1_500 })), 'ann').sent).toMatchObject({
      state: RequestState.REJECTED,
      answeredMs: 1_500,
    });
  });
});

describe('an erased user', () => {
  it('leaves nothing of what they were to the other one, who keeps their own words', () => {
    const friends = after(
      add('ann'),
      describeAs('ann', { set: [{ key: 'k', value: 'v' }] }),
      describeAs('bob', { alias: { text: 'my Ann' } }),
      block('ann'),
      block('bob'),
    );
    const erased = eraseSide(friends, 'ann', 2_000);
    expect(erased).toEqual({
      a: createRelationSide({ user: 'ann' }),
      b: createRelationSide({ user: 'bob', alias: 'my Ann', isBlocking: true, blockedSinceMs: 1_000 }),
      version: friends.version + 1,
    });
    expect(eraseSide(erased, 'ann', 3_000)).toBe(erased);
  });

  it('takes their requests along, and waits no more for those who asked', () => {
    expect(eraseSide(after(ask('ann')), 'ann', 2_000)).toMatchObject({ a: { alias: '', request: undefined }, b: { user: 'bob' } });
    expect(eraseSide(after(ask('ann')), 'bob', 2_000)).toMatchObject({
      a: { request: { text: 'hi', state: RequestState.EXPIRED, answeredMs: 0 } },
      b: { user: 'bob' },
    });
  });

  it('changes nothing of strangers, or of who is blocked', () => {
    const blocked = after(block('bob'));
    expect(eraseSide(blocked, 'ann', 2_000)).toBe(blocked);
  });
});

describe('who may write', () => {
  it.each<[string, Relation | undefined, Partial<AppRules>, string, string]>([
    ['strangers', undefined, {}, 'yes', 'yes'],
    ['strangers among friends only', undefined, { friendsOnly: true }, 'NOT_FRIENDS', 'NOT_FRIENDS'],
    ['friends', after(add('ann')), { friendsOnly: true }, 'yes', 'yes'],
    ['one-sided friends', after(add('ann'), remove('bob', true)), { friendsOnly: true }, 'NOT_FRIENDS', 'NOT_FRIENDS'],
    ['one who is blocked', after(block('bob')), {}, 'BLOCKED', 'BLOCKED'],
    ['one who is blocked, and who blocks', after(block('bob')), { blocksBothWays: false }, 'BLOCKED', 'yes'],
    ['friends who block', after(add('ann'), block('bob')), { friendsOnly: true }, 'BLOCKED', 'BLOCKED'],
    ['those who were blocked', after(block('bob'), block('bob', false)), {}, 'yes', 'yes'],
  ])('%s', (_, relation, rules, ann, bob) => {
    const all = { ...defaultRules, ...rules };
    expect(['ann', 'bob'].map((user) => refusalOfRelation(relation, user, all) ?? 'yes')).toEqual([ann, bob]);
  });
});

describe('what history tells of a relation', () => {
  const bools = [false, true];

  it('keeps the same people apart as the relation itself', () => {
    const sides = bools.flatMap((isFriend) => bools.map((isBlocking) => ({ isFriend, isBlocking })));
    const allRules = bools.flatMap((friendsOnly) => bools.map((blocksBothWays) => ({ ...defaultRules, friendsOnly, blocksBothWays })));
    for (const mine of sides) {
      for (const theirs of sides) {
        const [a, b] = [createRelationSide({ user: 'ann', ...mine }), createRelationSide({ user: 'bob', ...theirs })];
        const relation: Relation = { a, b, version: 1 };
        const known = { view: relationViewOf(relation, 'ann'), isBlockedBy: theirs.isBlocking };
        for (const rules of allRules) expect(refusalOfKnown(known, rules)).toBe(refusalOfRelation(relation, 'ann', rules));
      }
    }
    for (const rules of allRules) expect(refusalOfKnown(undefined, rules)).toBe(refusalOfRelation(undefined, 'ann', rules));
  });
});
