import { describe, expect, it } from '@jest/globals';
import { limits } from '@parley/kernel';
import { createRelation, encodeContent } from '@parley/wire';
import type { ActFacts, TargetFacts } from './act-facts.js';
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
  self,
  refusalTextOf,
  target,
  text,
} from '../testing/act-fixture.js';

const edit: ActKind = { type: 'edit', value: { seq: 7, content: text('better') } };
const recall: ActKind = { type: 'recall', value: { seq: 7, reason: 'oops' } };
const remove: ActKind = { type: 'delete', value: { seqs: [7, 8, 7] } };
const react: ActKind = { type: 'react', value: { seq: 7, reaction: '+' } };
const unreact: ActKind = { type: 'react', value: { seq: 7, reaction: '+', isRemoved: true } };
const pin: ActKind = { type: 'pin', value: { seq: 7 } };
const unpin: ActKind = { type: 'pin', value: { seq: 7, isRemoved: true } };
const report: ActKind = { type: 'report', value: { seq: 7, reason: 'spam' } };

const said = (agoMs: number): Partial<TargetFacts> => ({ timeMs: nowMs - agoMs });
const blockedByBob = createRelation({ a: { user: 'ann' }, b: { user: 'bob', isBlocking: true } });
const inClub: Partial<ActFacts> = { conversation: club, memberCount: 3 };
const admin: Case = { by: 'cid', facts: { ...inClub, isModerator: true } };
const host: Case = { by: 'cid', facts: { conversation: hall, memberCount: 3, isModerator: true } };

describe('every act on a message', () => {
  const acts: readonly [string, ActKind, string][] = [
    ['edit', edit, 'event'],
    ['recall', recall, 'event'],
    ['react', react, 'event'],
    ['pin', pin, 'event'],
    ['report', report, 'event'],
  ];

  it.each(acts)('%s is done to what is there', (_, act, outcome) => {
    expect(outcomeOf(act)).toBe(outcome);
  });

  it.each(acts)('%s is refused as if there were nothing, for what is gone or was never there', (_, act) => {
    const gone: Case[] = [
      { facts: { target: undefined } },
      { target: { isRemoved: true } },
      { target: { kind: '' } },
      { target: { expiresMs: nowMs } },
      { by: 'bob', target: { onlyTo: ['cid'], sender: 'dan' } },
    ];
    expect(gone.map((it) => outcomeOf(act, it))).toEqual(gone.map(() => 'MESSAGE_NOT_FOUND'));
    expect(refusalTextOf(decide(act, { facts: { target: undefined } }))).toBe('MESSAGE_NOT_FOUND seq: 7');
  });

  it.each(acts)('%s is done by those for whom the message is, and by its sender', (_, act) => {
    expect(outcomeOf(act, { target: { onlyTo: ['bob'], expiresMs: nowMs + 1 } })).toBe('event');
  });

  it.each<[string, ActKind, string]>([...acts, ['delete', remove, '']])('%s is not for those who are not in the conversation', (_, act) => {
    expect(outcomeOf(act, { facts: { isMember: false, isModerator: true } })).toBe('CONVERSATION_NOT_FOUND');
  });
});

describe('editing', () => {
  it.each<[string, Case, string]>([
    ['its sender at the last moment', { target: said(limits.editWithinMs) }, 'event'],
    ['its sender too late', { target: said(limits.editWithinMs + 1) }, 'TOO_LATE'],
    ['its sender too late for the app', { target: said(2_001), rules: { editWithinMs: 2_000 } }, 'TOO_LATE'],
    ['somebody else', { by: 'bob' }, 'PERMISSION_DENIED'],
    ['an admin', admin, 'PERMISSION_DENIED'],
    ['the back end at any time', { ...backEnd, target: said(limits.editWithinMs * 9) }, 'event'],
    ['somebody who is muted', { facts: { isMuted: true } }, 'MUTED'],
    ['somebody who is blocked', { facts: { relation: blockedByBob } }, 'BLOCKED'],
    ['its sender in a room', { facts: { conversation: hall } }, 'event'],
  ])('by %s', (_, options, outcome) => {
    expect(outcomeOf(edit, options)).toBe(outcome);
  });

  it('names the time that has passed', () => {
    expect(refusalTextOf(decide(edit, { target: said(2_001), rules: { editWithinMs: 2_000 } }))).toBe('TOO_LATE act.edit: within 2000 ms');
  });

  it.each([['combined'], ['notice']])('leaves a %s as it is', (kind) => {
    expect(refusalTextOf(decide(edit, { ...backEnd, target: { kind } }))).toContain(`INVALID_ARGUMENT act.edit: a message of kind ${kind}`);
  });

  it('keeps the kind', () => {
    expect(refusalTextOf(decide(edit, { target: { kind: 'image' } }))).toBe('INVALID_ARGUMENT act.edit.content: kind image');
    const caption = encodeContent({ kind: { type: 'image', value: { media: 'm1' } }, extension: 'new caption' });
    expect(outcomeOf({ type: 'edit', value: { seq: 7, content: caption } }, { target: { kind: 'image' } })).toBe('event');
  });

  it('changes whom it mentions only where it says so', () => {
    const mentions = { users: ['bob'] };
    const value = { seq: 7, content: text('better'), mentions };
    expect(bodyOf({ type: 'edit', value })).toMatchObject({ isRemention: false, mentions: undefined });
    expect(bodyOf({ type: 'edit', value: { ...value, isRemention: true } })).toMatchObject({ isRemention: true, mentions });
  });
});

describe('recalling', () => {
  it.each<[string, Case, string]>([
    ['its sender at the last moment', { target: said(limits.recallWithinMs) }, 'event'],
    ['its sender too late', { target: said(limits.recallWithinMs + 1) }, 'TOO_LATE'],
    ['its sender in the time of the app', { target: said(limits.recallWithinMs + 1), rules: { recallWithinMs: 900_000 } }, 'event'],
    ['the other one of two', { by: 'bob' }, 'PERMISSION_DENIED'],
    ['the other one of two, whatever is said of them', { by: 'bob', facts: { isModerator: true } }, 'PERMISSION_DENIED'],
    ['a member', { by: 'cid', facts: inClub }, 'PERMISSION_DENIED'],
    ['an admin at any time', { ...admin, target: said(limits.recallWithinMs * 99) }, 'event'],
    ['a moderator of a room at any time', { ...host, target: said(limits.recallWithinMs * 99) }, 'event'],
    ['a member of a room', { ...host, facts: { ...host.facts, isModerator: false } }, 'PERMISSION_DENIED'],
    ['the back end at any time', { ...backEnd, target: said(limits.recallWithinMs * 99) }, 'event'],
    ['its sender who is blocked by now', { facts: { relation: blockedByBob } }, 'event'],
    ['its sender who is muted by now', { facts: { isMuted: true } }, 'event'],
  ])('by %s', (_, options, outcome) => {
    expect(outcomeOf(recall, options)).toBe(outcome);
  });

  it('tells why, and takes a seq', () => {
    expect(decided(recall)).toEqual({ type: 'event', isStored: true, body: { type: 'recalled', value: { seq: 7, reason: 'oops' } } });
  });
});

describe('deleting for everybody', () => {
  it.each<[string, Case, string]>([
    ['the sender', {}, 'PERMISSION_DENIED'],
    ['a member', { facts: inClub }, 'PERMISSION_DENIED'],
    ['an admin', admin, 'event'],
    ['a moderator of a room', host, 'event'],
    ['one of two, whatever is said of them', { facts: { isModerator: true } }, 'PERMISSION_DENIED'],
    ['the back end', backEnd, 'event'],
  ])('by %s', (_, options, outcome) => {
    expect(outcomeOf(remove, options)).toBe(outcome);
  });

  it('takes each message once, and passes over what is not there', () => {
    expect(bodyOf(remove, backEnd)).toEqual({ seqs: [7, 8] });
    const facts = { ...backEnd.facts, targets: [target, { ...target, seq: 8, isRemoved: true }] };
    expect(bodyOf(remove, { ...backEnd, facts })).toEqual({ seqs: [7] });
    expect(bodyOf({ type: 'delete', value: { seqs: [19, 20, 21] } }, backEnd)).toEqual({ seqs: [19, 20] });
    expect(outcomeOf({ type: 'delete', value: { seqs: [21] } }, backEnd)).toBe('MESSAGE_NOT_FOUND');
  });
});

describe('reacting', () => {
  it.each<[string, ActKind, Case, string]>([
    ['again with the same', react, { target: { hasReacted: true } }, 'none'],
    ['and taking it back', unreact, { target: { hasReacted: true } }, 'event'],
    ['and taking back what is not there', unreact, {}, 'none'],
    ['with one kind too many', react, { target: { reactionKinds: limits.reactionKindsMax } }, 'LIMIT_REACHED'],
    ['with the last kind', react, { target: { reactionKinds: limits.reactionKindsMax - 1 } }, 'event'],
    [
      'with a known kind where there are enough',
      react,
      { target: { reactionKinds: limits.reactionKindsMax, isKnownReaction: true } },
      'event',
    ],
    ['and taking back where there are enough', unreact, { target: { hasReacted: true, reactionKinds: limits.reactionKindsMax } }, 'event'],
    ['to who blocks one', react, { facts: { relation: blockedByBob } }, 'BLOCKED'],
    ['for nobody', react, { ...backEnd }, 'INVALID_ARGUMENT'],
  ])('%s', (_, act, options, outcome) => {
    expect(outcomeOf(act, options)).toBe(outcome);
  });

  it('takes a seq', () => {
    expect(decided(react)).toMatchObject({ isStored: true, body: { value: { seq: 7, reaction: '+', isRemoved: false } } });
  });
});

describe('pinning', () => {
  it.each<[string, ActKind, Case, string]>([
    ['by either of two', pin, { by: 'bob' }, 'event'],
    ['by a member', pin, { facts: inClub }, 'PERMISSION_DENIED'],
    ['by a member who may', pin, { facts: { ...inClub, canPin: true } }, 'event'],
    ['by an admin', pin, admin, 'event'],
    ['by the back end', pin, backEnd, 'event'],
    ['what is pinned', pin, { target: { isPinned: true } }, 'none'],
    ['and taking it back', unpin, { target: { isPinned: true } }, 'event'],
    ['and taking back what is not pinned', unpin, {}, 'none'],
    ['in a room', pin, { facts: { conversation: hall } }, 'INVALID_ARGUMENT'],
    ['before who blocks one', pin, { facts: { relation: blockedByBob } }, 'BLOCKED'],
  ])('%s', (_, act, options, outcome) => {
    expect(outcomeOf(act, options)).toBe(outcome);
  });

  it('names the pin that goes where there are enough', () => {
    expect(bodyOf(pin, { target: { evictedPinSeq: 3 } })).toEqual({ seq: 7, isRemoved: false, evictedSeq: 3 });
    expect(bodyOf(unpin, { target: { isPinned: true, evictedPinSeq: 3 } })).toEqual({ seq: 7, isRemoved: true, evictedSeq: 0 });
  });
});

it('reports without a place in the order', () => {
  expect(decided(report)).toEqual({ type: 'event', isStored: false, body: { type: 'reported', value: { seq: 7, reason: 'spam' } } });
});

it('lets only friends do something to what the other one sees, where the app wants it so', () => {
  const rules = { friendsOnly: true };
  expect([edit, react, pin, recall].map((act) => outcomeOf(act, { rules }))).toEqual([
    'NOT_FRIENDS',
    'NOT_FRIENDS',
    'NOT_FRIENDS',
    'event',
  ]);
  expect([edit, react, pin].map((act) => outcomeOf(act, { ...backEnd, rules }))).toEqual(['event', 'INVALID_ARGUMENT', 'event']);
  expect(outcomeOf(edit, { rules, facts: { conversation: self } })).toBe('event');
});
