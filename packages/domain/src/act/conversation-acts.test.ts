import { describe, expect, it } from '@jest/globals';
import { limits } from '@parley/kernel';
import { createProfileChange, createRelation, createUserProfile } from '@parley/wire';
import {
  type ActKind,
  backEnd,
  bodyOf,
  type Case,
  club,
  decide,
  decided,
  hall,
  nowMs,
  outcomeOf,
  pair,
  refusalTextOf,
  self,
} from '../testing/act-fixture.js';

const rules = (destroyAfterMs: number, retentionMs = 0): ActKind => ({ type: 'rules', value: { destroyAfterMs, retentionMs } });
const cursor = (readSeq: number, deliveredSeq = 0): ActKind => ({ type: 'cursor', value: { readSeq, deliveredSeq } });
const typing: ActKind = { type: 'typing', value: {} };
const inClub: NonNullable<Case['facts']> = { conversation: club, memberCount: 3 };

describe('the rules of a conversation', () => {
  it.each<[string, Case, string]>([
    ['either of two', { by: 'bob' }, 'event'],
    ['a member', { facts: inClub }, 'PERMISSION_DENIED'],
    ['an admin', { facts: { ...inClub, isModerator: true } }, 'event'],
    ['the back end', { ...backEnd, facts: inClub }, 'event'],
    [
      'whoever is blocked',
      { facts: { relation: createRelation({ a: { user: 'ann' }, b: { user: 'bob', isBlocking: true } }) } },
      'BLOCKED',
    ],
  ])('are changed by %s', (_, options, outcome) => {
    expect(outcomeOf(rules(60_000), options)).toBe(outcome);
  });

  it('leave the retention to the back end', () => {
    const now = { destroyAfterMs: 0, retentionMs: 5_000 };
    expect(outcomeOf(rules(60_000, 9_000), { facts: { rules: now } })).toBe('PERMISSION_DENIED');
    expect(bodyOf(rules(60_000), { facts: { rules: now } })).toEqual({ destroyAfterMs: 60_000, retentionMs: 5_000 });
    expect(bodyOf(rules(60_000, 5_000), { facts: { rules: now } })).toEqual({ destroyAfterMs: 60_000, retentionMs: 5_000 });
    expect(bodyOf(rules(0, 9_000), { ...backEnd, facts: { rules: now } })).toEqual({ destroyAfterMs: 0, retentionMs: 9_000 });
    expect(bodyOf(rules(0, 0), { ...backEnd, facts: { rules: now } })).toEqual({ destroyAfterMs: 0, retentionMs: 0 });
  });

  it('take a seq, hold from then on, and change once', () => {
    const after = { destroyAfterMs: 60_000, retentionMs: 0 };
    expect(decided(rules(60_000))).toEqual({ type: 'event', isStored: true, body: { type: 'rules', value: after }, rules: after });
    expect(outcomeOf(rules(60_000), { facts: { rules: after } })).toBe('none');
  });
});

describe('a cursor', () => {
  it.each<[string, ActKind, Case['facts'], unknown]>([
    ['goes no further than the head', cursor(99, 98), {}, { readSeq: 20, deliveredSeq: 20 }],
    ['that reads has been reached', cursor(9), {}, { readSeq: 9, deliveredSeq: 9 }],
    ['can arrive without reading', cursor(0, 9), {}, { readSeq: 0, deliveredSeq: 9 }],
    ['goes forwards', cursor(9), { cursor: { readSeq: 8, deliveredSeq: 12 } }, { readSeq: 9, deliveredSeq: 12 }],
    ['goes forwards in one way only', cursor(3, 14), { cursor: { readSeq: 8, deliveredSeq: 12 } }, { readSeq: 8, deliveredSeq: 14 }],
  ])('%s', (_, act, facts, value) => {
    expect(bodyOf(act, { facts: facts ?? {} })).toEqual({ user: 'ann', countable: 0, ...(value as object) });
  });

  it('tells how much counts up to it where it stands at the head', () => {
    const facts = { countable: 15 };
    expect(bodyOf(cursor(20), { facts })).toMatchObject({ readSeq: 20, countable: 15 });
    expect(bodyOf(cursor(19), { facts })).toMatchObject({ readSeq: 19, countable: 0 });
    expect(bodyOf(cursor(0, 20), { facts })).toMatchObject({ readSeq: 0, countable: 0 });
  });

  it('that does not move is no event', () => {
    const known = { readSeq: 8, deliveredSeq: 12 };
    expect([cursor(8, 12), cursor(3), cursor(8)].map((act) => outcomeOf(act, { facts: { cursor: known } }))).toEqual([
      'none',
      'none',
      'none',
    ]);
    expect(outcomeOf(cursor(5), { facts: { headSeq: 0 } })).toBe('none');
  });

  it('takes no seq, belongs to a member, and there is none in rooms', () => {
    expect(decided(cursor(9))).toMatchObject({ isStored: false });
    expect(outcomeOf(cursor(9), backEnd)).toBe('INVALID_ARGUMENT');
    expect(refusalTextOf(decide(cursor(9), { facts: { conversation: hall } }))).toBe(
      'INVALID_ARGUMENT act.cursor: not in a room conversation',
    );
  });
});

it('keeps settings with the head that they were made at', () => {
  const act: ActKind = { type: 'settings', value: { changes: [{ change: { type: 'hidden', value: { isOn: true } } }] } };
  expect(decided(act)).toEqual({
    type: 'event',
    isStored: false,
    body: { type: 'settings', value: { user: 'ann', headSeq: 20, changes: [{ change: { type: 'hidden', value: { isOn: true } } }] } },
  });
});

it('hides each message once, and nothing that is yet to come', () => {
  expect(bodyOf({ type: 'hide', value: { seqs: [3, 21, 3, 20] } })).toEqual({ user: 'ann', seqs: [3, 20] });
  expect(outcomeOf({ type: 'hide', value: { seqs: [21] } })).toBe('none');
});

describe('who has left a group', () => {
  const left: Case = { facts: { ...inClub, isMember: false, wasMember: true, headSeq: 9 } };
  const settings: ActKind = { type: 'settings', value: { changes: [{ change: { type: 'hidden', value: { isOn: true } } }] } };

  it('puts their own view of it in order, as far as they saw it', () => {
    expect(bodyOf(settings, left)).toMatchObject({ user: 'ann', headSeq: 9 });
    expect(bodyOf(cursor(20), left)).toMatchObject({ readSeq: 9, deliveredSeq: 9 });
    expect(bodyOf({ type: 'hide', value: { seqs: [9, 10] } }, left)).toMatchObject({ seqs: [9] });
  });

  it('does nothing else, and others do not even that', () => {
    const others: ActKind[] = [
      { type: 'react', value: { seq: 7, reaction: '+' } },
      { type: 'recall', value: { seq: 7 } },
      { type: 'report', value: { seq: 7 } },
      rules(60_000),
      typing,
    ];
    for (const act of others) expect([act.type, outcomeOf(act, left)]).toEqual([act.type, 'CONVERSATION_NOT_FOUND']);
    for (const act of [settings, cursor(9), { type: 'hide', value: { seqs: [1] } } as const]) {
      expect([act.type, outcomeOf(act, { facts: { ...inClub, isMember: false } })]).toEqual([act.type, 'CONVERSATION_NOT_FOUND']);
    }
  });
});

describe('typing', () => {
  const blocked = createRelation({ a: { user: 'ann', isBlocking: true }, b: { user: 'bob' } });

  it.each<[string, Case, string]>([
    ['passed on', {}, 'pass-on'],
    ['passed on in a group', { facts: { ...inClub, memberCount: limits.receiptMembersMax } }, 'pass-on'],
    ['dropped in a larger group', { facts: { ...inClub, memberCount: limits.receiptMembersMax + 1 } }, 'none'],
    ['dropped of those who are muted', { facts: { ...inClub, isMuted: true } }, 'none'],
    ['refused between those who block', { facts: { relation: blocked } }, 'BLOCKED'],
    ['passed on to who is blocked where the app lets it', { facts: { relation: blocked }, rules: { blocksBothWays: false } }, 'pass-on'],
    ['refused in rooms', { facts: { conversation: hall } }, 'INVALID_ARGUMENT'],
  ])('is %s', (_, options, outcome) => {
    expect(outcomeOf(typing, options)).toBe(outcome);
  });
});

describe('acts of services', () => {
  const relation = (user: string, other: string): ActKind => ({
    type: 'relation',
    value: { user, other, step: { type: 'block', value: { isOn: true } } },
  });
  const profile: ActKind = { type: 'profile', value: { name: { text: 'Ann' } } };
  const erase: ActKind = { type: 'erase', value: { user: 'ann' } };

  it('are none of users', () => {
    expect([relation('ann', 'bob'), profile, erase].map((act) => outcomeOf(act))).toEqual(Array(3).fill('PERMISSION_DENIED'));
  });

  it('change a relation in the conversation of the two, and show it to who acted', () => {
    const decision = decided(relation('bob', 'ann'), backEnd);
    expect(decision).toMatchObject({
      type: 'event',
      isStored: false,
      body: { type: 'relation', value: { relation: { other: 'ann', isBlocked: true, version: 1 } } },
      relation: { a: { user: 'ann' }, b: { user: 'bob', isBlocking: true, blockedSinceMs: nowMs }, version: 1 },
    });
    if (decision.type !== 'event') throw new Error('no event');
    expect(outcomeOf(relation('bob', 'ann'), { ...backEnd, facts: { ...backEnd.facts, relation: decision.relation } })).toBe('none');
  });

  it('change no relation anywhere else, nor for somebody else', () => {
    expect(outcomeOf(relation('ann', 'cid'), backEnd)).toBe('INVALID_ARGUMENT');
    expect(outcomeOf(relation('ann', 'bob'), { ...backEnd, facts: { conversation: club } })).toBe('INVALID_ARGUMENT');
    expect(outcomeOf(relation('ann', 'bob'), { by: 'bob', isPrivileged: true })).toBe('PERMISSION_DENIED');
  });

  it('hold users to the rules, and not the back end', () => {
    const add: ActKind = { type: 'relation', value: { user: 'ann', other: 'bob', step: { type: 'add', value: {} } } };
    expect(outcomeOf(add, { by: 'ann', isPrivileged: true })).toBe('PERMISSION_DENIED');
    expect(outcomeOf(add, backEnd)).toBe('event');
  });

  it('change a profile in the conversation of the user with themselves', () => {
    const after = createUserProfile({ user: 'ann', name: 'Ann', version: 1 });
    const inSelf: Case = { ...backEnd, facts: { conversation: self } };
    expect(decided(profile, inSelf)).toEqual({
      type: 'event',
      isStored: false,
      body: { type: 'profile', value: { profile: after } },
      profile: after,
    });
    expect(outcomeOf(profile, { ...backEnd, facts: { conversation: self, profile: after } })).toBe('none');
    expect(outcomeOf(profile, { ...backEnd, facts: { conversation: pair } })).toBe('INVALID_ARGUMENT');
    const large = createProfileChange({ name: { text: 'x'.repeat(257) } });
    expect(refusalTextOf(decide({ type: 'profile', value: large }, inSelf))).toBe('INVALID_ARGUMENT profile.name: at most 256 bytes');
  });

  it('erase what a user has said, everywhere', () => {
    for (const conversation of [pair, club, hall]) {
      expect(decided(erase, { ...backEnd, facts: { conversation } })).toEqual({
        type: 'event',
        isStored: true,
        body: { type: 'erased', value: { user: 'ann' } },
      });
    }
    expect(outcomeOf({ type: 'erase', value: { user: 'cid' } }, backEnd)).toBe('none');
  });

  it('erase with it what the user was to the other one, or that alone', () => {
    const before = createRelation({ a: { user: 'ann', alias: 'Bobby', isFriend: true }, b: { user: 'bob', isFriend: true }, version: 4 });
    const inPair: Case = { ...backEnd, facts: { ...backEnd.facts, relation: before } };
    const relation = createRelation({ a: { user: 'ann' }, b: { user: 'bob' }, version: 5 });
    expect(decided(erase, inPair)).toEqual({ type: 'event', isStored: true, body: { type: 'erased', value: { user: 'ann' } }, relation });
    const only: ActKind = { type: 'erase', value: { user: 'ann', isRelationOnly: true } };
    expect(decided(only, inPair)).toMatchObject({
      type: 'event',
      isStored: false,
      body: { type: 'relation', value: { relation: { other: 'bob', version: 5 } } },
      relation,
    });
    expect(outcomeOf(only, { ...backEnd, facts: { ...backEnd.facts, relation } })).toBe('none');
    expect(outcomeOf(only, { ...backEnd, facts: { conversation: club } })).toBe('none');
  });

  it('erase nobody without a name', () => {
    expect(outcomeOf({ type: 'erase', value: { user: '' } }, backEnd)).toBe('INVALID_ARGUMENT');
  });
});

it('refuses an act of no known kind', () => {
  expect(refusalTextOf(decide({ type: 'nonsense' } as unknown as ActKind))).toBe('INVALID_ARGUMENT act: a known kind is missing');
});
