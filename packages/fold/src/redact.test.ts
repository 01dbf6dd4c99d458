import { describe, expect, it } from '@jest/globals';
import { type ConversationEvent, createMessageOptions, encodeConversationEvent, Priority } from '@parley/wire';
import { applyEdit, hiddenBySelf, overtaken, redact, withheld } from './redact.js';
import { foldEvents } from './fold-message.js';
import { deleted, edited, eventOf, pinned, reacted, recalled, said, textOf } from './testing/events.js';

const secret = said(7, 'ann', { mentions: { users: ['bob'] }, push: { title: 'secret' } });

describe('what is kept of an event', () => {
  it('is place and time for those who may not know of it', () => {
    expect(withheld({ ...secret, priority: Priority.HIGH })).toEqual({
      conversation: 'g:club',
      seq: 7,
      messageId: '',
      sender: '',
      timeMs: 1_007,
      priority: Priority.HIGH,
      clientMsgId: '',
      options: undefined,
      body: undefined,
    });
  });

  it('is who said it and when, once the words are gone', () => {
    expect(redact(secret)).toEqual({ ...secret, clientMsgId: '', options: undefined, body: undefined });
    const left = Buffer.from(encodeConversationEvent(redact(secret))).toString('latin1');
    expect(left).not.toMatch(/text|secret|bob/);
  });

  it('is the thread that it was said in', () => {
    const answer = said(9, 'ann', { reply: { seq: 7, rootSeq: 5, sender: 'bob' }, mentions: { users: ['bob'] }, needsReceipt: true });
    const thread = createMessageOptions({ reply: { seq: 7, rootSeq: 5 } });
    expect(redact(answer)).toEqual({ ...answer, clientMsgId: '', options: thread, body: undefined });
    expect(hiddenBySelf(answer)).toEqual({ ...withheld(answer), options: thread });
    expect(foldEvents(undefined, 5, [redact(answer)])).toEqual(foldEvents(undefined, 5, [answer]));
  });

  it('of an edit is that there was one', () => {
    expect(redact(edited(9, 'ann', 7, ['bob'])).body).toEqual({
      type: 'edited',
      value: { seq: 7, content: new Uint8Array(0), mentions: undefined, isRemention: true },
    });
    expect(overtaken(edited(9, 'ann', 7, ['bob'])).body).toMatchObject({
      value: { content: new Uint8Array(0), mentions: { users: ['bob'] } },
    });
    expect(overtaken(secret)).toBe(secret);
  });

  it('of a recall is not its reason', () => {
    expect(redact(recalled(9, 'ann', 7)).body).toEqual({ type: 'recalled', value: { seq: 7, reason: '' } });
  });

  it('of other acts is what they did', () => {
    for (const event of [
      reacted(9, 'ann', 7),
      pinned(9, 'ann', 7),
      deleted(9, 'ann', 7),
      eventOf(9, '', { type: 'membership', value: {} }),
    ]) {
      expect(redact(event).body).toEqual(event.body);
    }
  });

  it('folds to the same, for edits that were overtaken', () => {
    const events: readonly ConversationEvent[] = [edited(8, 'ann', 7, ['bob']), edited(9, 'ann', 7)];
    expect(foldEvents(undefined, 7, events.map(overtaken))).toEqual(foldEvents(undefined, 7, events));
  });
});

describe('applyEdit', () => {
  it('puts the new content into the message and keeps the rest', () => {
    const content = textOf('better');
    expect(applyEdit(secret, content)).toEqual({ ...secret, body: { type: 'content', value: content } });
  });

  it('leaves alone what has no content, and what is no message', () => {
    expect(applyEdit(secret, new Uint8Array(0))).toBe(secret);
    const gone = redact(secret);
    expect(applyEdit(gone, textOf('back again'))).toBe(gone);
  });
});
