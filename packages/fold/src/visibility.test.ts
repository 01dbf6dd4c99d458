import { describe, expect, it } from '@jest/globals';
import { createMessageState, type MessageStateInit, Removal } from '@parley/wire';
import { mentionsUser } from './mentions.js';
import { edited, said } from './testing/events.js';
import { foldMessage } from './fold-message.js';
import { expireMessage, isVisible } from './visibility.js';

const state = (init: MessageStateInit) => createMessageState({ seq: 1, version: 9, ...init });

describe('isVisible', () => {
  it.each<[string, MessageStateInit | undefined, string, number, boolean]>([
    ['a message to which nothing was done', undefined, 'ann', 0, true],
    ['an edited one', { editSeq: 4 }, 'ann', 0, true],
    ['a recalled one', { removal: Removal.RECALLED }, 'ann', 0, false],
    ['a recalled one, for the back end', { removal: Removal.RECALLED }, '', 0, false],
    ['one whose time is not over', { expiresMs: 100 }, 'ann', 99, true],
    ['one whose time is over', { expiresMs: 100 }, 'ann', 100, false],
    ['one whose time is over, for the back end', { expiresMs: 100 }, '', 100, false],
    ['one for the viewer', { onlyTo: ['ann', 'bob'] }, 'ann', 0, true],
    ['one for others', { onlyTo: ['ann', 'bob'] }, 'cid', 0, false],
    ['one for others, for the back end', { onlyTo: ['ann', 'bob'] }, '', 0, true],
  ])('of %s', (_, init, viewer, nowMs, isSeen) => {
    expect(isVisible(init && state(init), viewer, nowMs)).toBe(isSeen);
  });
});

describe('expireMessage', () => {
  it('removes what is due, at the time it was due, and keeps the version', () => {
    const due = state({ expiresMs: 100, reactions: [{ reaction: '+', count: 1, recent: ['bob'] }], pinnedMs: 5, replyCount: 2 });
    expect(expireMessage(due, 99)).toBe(due);
    expect(expireMessage(due, 250)).toEqual(state({ expiresMs: 100, removal: Removal.EXPIRED, removedMs: 100, replyCount: 2 }));
    const recalled = state({ expiresMs: 100, removal: Removal.RECALLED });
    expect(expireMessage(recalled, 250)).toBe(recalled);
  });
});

describe('mentionsUser', () => {
  const message = said(1, 'ann', { mentions: { users: ['ann', 'bob'] } });
  const call = said(1, 'ann', { mentions: { isEveryone: true } });

  it('knows those who are named, or all, but never the one who speaks', () => {
    expect(['ann', 'bob', 'cid'].map((user) => mentionsUser(message, user))).toEqual([false, true, false]);
    expect(['ann', 'bob'].map((user) => mentionsUser(call, user))).toEqual([false, true]);
    expect(mentionsUser(said(1, 'ann'), 'bob')).toBe(false);
  });

  it('goes by the last edit that changed it', () => {
    const again = foldMessage(undefined, 1, edited(2, 'ann', 1, ['cid']));
    expect(['bob', 'cid'].map((user) => mentionsUser(message, user, again))).toEqual([false, true]);
    const reworded = foldMessage(undefined, 1, edited(2, 'ann', 1));
    expect(['bob', 'cid'].map((user) => mentionsUser(message, user, reworded))).toEqual([true, false]);
  });

  it('of an edit knows those whom it names', () => {
    expect(mentionsUser(edited(2, 'ann', 1, ['bob']), 'bob')).toBe(true);
    expect(mentionsUser(edited(2, 'ann', 1), 'bob')).toBe(false);
  });
});
