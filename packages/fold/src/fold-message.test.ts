import { describe, expect, it } from '@jest/globals';
import { createMessageState, type ConversationEvent, type MessageState, Removal } from '@parley/wire';
import { foldEvents, foldForViewer, foldMessage, laterState } from './fold-message.js';
import { hiddenBySelf, redact } from './redact.js';
import { targetsOf } from './targets-of.js';
import { deleted, edited, erased, eventOf, pinned, reacted, recalled, said } from './testing/events.js';

const folded = (...events: ConversationEvent[]): MessageState | undefined => foldEvents(undefined, 1, events);

describe('targetsOf', () => {
  it.each<[string, ConversationEvent, readonly number[]]>([
    ['a message', said(9, 'ann'), []],
    ['an answer in a thread', said(9, 'ann', { reply: { seq: 5, rootSeq: 2 } }), [2]],
    ['a first answer', said(9, 'ann', { reply: { seq: 5 } }), [5]],
    ['a message that goes', said(9, 'ann', { expiresMs: 5_000 }), [9]],
    ['an answer for some', said(9, 'ann', { onlyTo: ['bob'], reply: { seq: 5, rootSeq: 5 } }), [9]],
    ['an answer that has lost its words', redact(said(9, 'ann', { reply: { seq: 5, rootSeq: 2 } })), [2]],
    ['an answer that its viewer has deleted', hiddenBySelf(said(9, 'ann', { reply: { seq: 5, rootSeq: 2 } })), [2]],
    ['an answer for some without its words', redact(said(9, 'ann', { onlyTo: ['bob'], reply: { seq: 5, rootSeq: 5 } })), []],
    ['an edit', edited(9, 'ann', 3), [3]],
    ['a recall', recalled(9, 'ann', 3), [3]],
    ['a deletion', deleted(9, 'ann', 3, 4, 3), [3, 4]],
    ['a reaction', reacted(9, 'ann', 3), [3]],
    ['a pin', pinned(9, 'ann', 3), [3]],
    ['a deletion of what is yet to come', deleted(9, 'ann', 9, 10, 3), [3]],
    ['a recall of itself', recalled(9, 'ann', 9), []],
    ['an answer to what is yet to come', said(9, 'ann', { reply: { seq: 10, rootSeq: 10 } }), []],
    ['an erasure', erased(9, 'ann'), []],
    ['a membership', eventOf(9, 'ann', { type: 'membership', value: {} }), []],
    ['typing', eventOf(0, 'ann', { type: 'typing', value: {} }), []],
    ['what the receiver does not see', eventOf(9, '', undefined), []],
  ])('of %s', (_, event, seqs) => {
    expect(targetsOf(event)).toEqual(seqs);
  });
});

describe('a message', () => {
  it('has no state while nothing was done to it', () => {
    expect(folded(said(1, 'ann'), said(2, 'bob'), reacted(3, 'bob', 2))).toBeUndefined();
  });

  it('tells its newest edit', () => {
    expect(folded(edited(4, 'ann', 1), edited(6, '', 1))).toEqual(
      createMessageState({ seq: 1, version: 6, editedMs: 1_006, editedBy: '', editSeq: 6 }),
    );
  });

  it('mentions whom the last edit says that changed it', () => {
    expect(folded(edited(4, 'ann', 1, ['bob']), edited(6, 'ann', 1))).toMatchObject({ isRemention: true, mentions: { users: ['bob'] } });
    expect(folded(edited(4, 'ann', 1, ['bob']), edited(6, 'ann', 1, []))).toMatchObject({ isRemention: true, mentions: { users: [] } });
  });

  it('is gone for good once it was recalled', () => {
    const state = folded(reacted(2, 'bob', 1), edited(3, 'ann', 1, ['bob']), pinned(4, 'ann', 1), recalled(5, 'ann', 1));
    const gone = { seq: 1, removal: Removal.RECALLED, removedBy: 'ann', removalReason: 'oops', removedMs: 1_005 };
    expect(state).toEqual(createMessageState({ ...gone, version: 5 }));
    const later = [reacted(6, 'bob', 1), edited(7, 'ann', 1), pinned(8, 'ann', 1), deleted(9, 'ann', 1), recalled(10, 'bob', 1)];
    expect(foldEvents(state, 1, later)).toEqual(createMessageState({ ...gone, version: 10 }));
  });

  it('stays pinned by whom and since when it was pinned first', () => {
    const state = foldEvents(undefined, 1, [pinned(2, 'ann', 1), pinned(3, 'bob', 1)]);
    expect(state).toMatchObject({ pinnedBy: 'ann', pinnedMs: pinned(2, 'ann', 1).timeMs });
  });

  it('counts the answers of its thread, also when it is gone itself', () => {
    const answers = [
      said(2, 'bob', { reply: { seq: 1, rootSeq: 1 } }),
      recalled(3, 'ann', 1),
      said(4, 'cid', { reply: { seq: 2, rootSeq: 1 } }),
    ];
    expect(folded(...answers)).toMatchObject({ replyCount: 2, lastReplySeq: 4, removal: Removal.RECALLED });
  });

  it('keeps until when it stays and who sees it, its sender among them', () => {
    const state = folded(said(1, 'ann', { expiresMs: 5_000, onlyTo: ['bob', 'cid'] }));
    expect(state).toEqual(createMessageState({ seq: 1, version: 1, expiresMs: 5_000, onlyTo: ['bob', 'cid', 'ann'] }));
    expect(folded(said(1, '', { onlyTo: ['bob'] }))?.onlyTo).toEqual(['bob']);
  });
});

describe('reactions', () => {
  it('stand in the order in which they came up, those who reacted last in front', () => {
    const state = folded(reacted(2, 'bob', 1, '+'), reacted(3, 'cid', 1, '-'), reacted(4, 'cid', 1, '+'));
    expect(state?.reactions).toEqual([
      { reaction: '+', count: 2, recent: ['cid', 'bob'] },
      { reaction: '-', count: 1, recent: ['cid'] },
    ]);
  });

  it('go when nobody shows them, and come back as new ones', () => {
    const gone = [reacted(2, 'bob', 1, '+'), reacted(3, 'cid', 1, '-'), reacted(4, 'bob', 1, '+', true)];
    expect(folded(...gone)?.reactions).toEqual([{ reaction: '-', count: 1, recent: ['cid'] }]);
    expect(folded(...gone, reacted(5, 'ann', 1, '+'))?.reactions.map(({ reaction }) => reaction)).toEqual(['-', '+']);
    expect(folded(reacted(2, 'bob', 1, '+', true))?.reactions).toEqual([]);
  });

  it('name ten users and count them all', () => {
    const events = Array.from({ length: 12 }, (_, i) => reacted(i + 2, `u${i}`, 1));
    const [counted] = folded(...events)?.reactions ?? [];
    expect(counted).toEqual({ reaction: '+', count: 12, recent: Array.from({ length: 10 }, (_, i) => `u${11 - i}`) });
    expect(folded(...events, reacted(20, 'u0', 1, '+', true))?.reactions).toMatchObject([{ count: 11 }]);
  });

  it('of the viewer are told apart', () => {
    const of = { seq: 1, viewer: 'ann' };
    const events = [reacted(2, 'ann', 1, '+'), reacted(3, 'bob', 1, '-'), reacted(4, 'ann', 1, '-'), reacted(5, 'ann', 1, '+', true)];
    const fold = (state: MessageState | undefined, event: ConversationEvent): MessageState => foldForViewer(state, event, of);
    const state = events.reduce(fold, undefined as MessageState | undefined);
    expect(state?.ownReactions).toEqual(['-']);
    expect(events.reduce(fold, state)).toBe(state);
    expect(state && fold(state, recalled(6, 'ann', 1)).ownReactions).toEqual([]);
    expect([recalled(1_000, 'ann', 1), reacted(1_001, 'ann', 1)].reduce(fold, state)?.ownReactions).toEqual([]);
  });
});

describe('states', () => {
  it('are the same object where an event changes nothing', () => {
    const state = folded(reacted(5, 'bob', 1));
    expect(foldMessage(state, 1, reacted(5, 'bob', 1))).toBe(state);
    expect(foldMessage(state, 1, reacted(4, 'cid', 1))).toBe(state);
    expect(foldMessage(state, 1, reacted(6, 'cid', 2))).toBe(state);
    expect(foldMessage(undefined, 1, reacted(6, 'cid', 2))).toEqual(createMessageState({ seq: 1 }));
  });

  it('are compared by version; of equal ones the server knows more', () => {
    const [held, older, same] = [{ version: 5 }, { version: 4 }, { version: 5, ownReactions: ['+'] }].map((init) =>
      createMessageState({ seq: 1, ...init }),
    );
    expect(laterState(held, older)).toBe(held);
    expect(laterState(older, held)).toBe(held);
    expect(laterState(held, same)).toBe(same);
    expect(laterState(held, undefined)).toBe(held);
    expect(laterState(undefined, held)).toBe(held);
  });
});
