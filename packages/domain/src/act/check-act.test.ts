import { describe, expect, it } from '@jest/globals';
import { limits } from '@parley/kernel';
import { type ActInit, createAct, encodeContent } from '@parley/wire';
import fc from 'fast-check';
import { refusalTextOf, text } from '../testing/act-fixture.js';
import { checkAct, takesSeq } from './check-act.js';

type Kind = NonNullable<ActInit['kind']>;

const check = (kind: Kind, textBytesMax?: number) => checkAct(createAct({ kind }), textBytesMax === undefined ? {} : { textBytesMax });
const detailOf = (kind: Kind, textBytesMax?: number): string => refusalTextOf(check(kind, textBytesMax));
const seqs = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i + 1);
const longest = 'é'.repeat(limits.reasonBytesMax / 2);

describe('checkAct', () => {
  it.each<Kind>([
    { type: 'edit', value: { seq: 1, content: text('x'), mentions: { users: Array(50).fill('bob') }, isRemention: true } },
    { type: 'recall', value: { seq: 1, reason: longest } },
    { type: 'delete', value: { seqs: seqs(100) } },
    { type: 'react', value: { seq: 1, reaction: '👍'.repeat(8) } },
    { type: 'pin', value: { seq: 1 } },
    { type: 'rules', value: { destroyAfterMs: limits.destroyAfterMsMin } },
    { type: 'rules', value: { destroyAfterMs: limits.destroyAfterMsMax } },
    { type: 'rules', value: {} },
    { type: 'cursor', value: { deliveredSeq: 1 } },
    { type: 'settings', value: { changes: [{ change: { type: 'muted', value: { untilMs: Number.MAX_SAFE_INTEGER } } }] } },
    { type: 'hide', value: { seqs: [5] } },
    { type: 'report', value: { seq: 1, reason: longest } },
    { type: 'typing', value: {} },
    { type: 'relation', value: { step: { type: 'block', value: {} } } },
    { type: 'profile', value: {} },
    { type: 'erase', value: { user: 'ann' } },
  ])('accepts $type', (kind) => {
    expect(check(kind)).toEqual({ ok: true, value: kind.type });
  });

  it.each<[Kind, string]>([
    [{ type: 'edit', value: { seq: 0, content: text('x') } }, 'act.edit.seq: 1 or more'],
    [{ type: 'edit', value: { seq: 1 } }, 'content: a known kind is missing'],
    [{ type: 'edit', value: { seq: 1, content: encodeContent({ kind: { type: 'command', value: {} } }) } }, 'act.edit.content: no command'],
    [
      { type: 'edit', value: { seq: 1, content: text('x'), mentions: { users: Array(51).fill('bob') }, isRemention: true } },
      'act.edit.mentions.users: at most 50',
    ],
    [
      { type: 'edit', value: { seq: 1, content: text('x'), mentions: { users: ['b b'] }, isRemention: true } },
      'act.edit.mentions.users: user ids',
    ],
    [{ type: 'recall', value: { seq: 0 } }, 'act.recall.seq: 1 or more'],
    [{ type: 'recall', value: { seq: 1, reason: `${longest}x` } }, 'act.recall.reason: at most 300 bytes'],
    [{ type: 'delete', value: { seqs: [] } }, 'act.delete.seqs: 1 to 100'],
    [{ type: 'delete', value: { seqs: seqs(101) } }, 'act.delete.seqs: 1 to 100'],
    [{ type: 'delete', value: { seqs: [1, 0] } }, 'act.delete.seqs: 1 or more each'],
    [{ type: 'react', value: { seq: 0, reaction: '+' } }, 'act.react.seq: 1 or more'],
    [{ type: 'react', value: { seq: 1, reaction: '' } }, 'act.react.reaction: 1 to 32 bytes, none of them zero'],
    [{ type: 'react', value: { seq: 1, reaction: `${'👍'.repeat(8)}+` } }, 'act.react.reaction: 1 to 32 bytes, none of them zero'],
    [{ type: 'react', value: { seq: 1, reaction: 'a\0' } }, 'act.react.reaction: 1 to 32 bytes, none of them zero'],
    [{ type: 'pin', value: {} }, 'act.pin.seq: 1 or more'],
    [{ type: 'rules', value: { destroyAfterMs: limits.destroyAfterMsMin - 1 } }, 'act.rules.destroy_after_ms: 0, or 1000 to'],
    [{ type: 'rules', value: { destroyAfterMs: limits.destroyAfterMsMax + 1 } }, 'act.rules.destroy_after_ms: 0, or 1000 to'],
    [{ type: 'cursor', value: {} }, 'act.cursor: read_seq or delivered_seq'],
    [{ type: 'settings', value: {} }, 'act.settings.changes: at least one'],
    [{ type: 'hide', value: { seqs: seqs(101) } }, 'act.hide.seqs: 1 to 100'],
    [{ type: 'report', value: { seq: 1, reason: `${longest}x` } }, 'act.report.reason: at most 300 bytes'],
    [{ type: 'relation', value: {} }, 'relation: a known step is missing'],
    [{ type: 'relation', value: { step: { type: 'add', value: { alias: 'x'.repeat(257) } } } }, 'relation.add.alias: at most 256 bytes'],
    [{ type: 'relation', value: { step: { type: 'ask', value: { text: 'x'.repeat(257) } } } }, 'relation.ask.text: at most 256 bytes'],
    [{ type: 'relation', value: { step: { type: 'ask', value: { alias: 'x'.repeat(257) } } } }, 'relation.ask.alias: at most 256 bytes'],
    [
      { type: 'relation', value: { step: { type: 'describe', value: { alias: { text: 'x'.repeat(257) } } } } },
      'relation.describe.alias: at most 256 bytes',
    ],
    [{ type: 'profile', value: { name: { text: 'x'.repeat(257) } } }, 'profile.name: at most 256 bytes'],
    [{ type: 'erase', value: { user: '' } }, 'act.erase.user: a user id'],
  ])('names what is wrong with %j', (kind, detail) => {
    expect(detailOf(kind)).toContain(`INVALID_ARGUMENT ${detail}`);
  });

  it.each<[string, string, string]>([
    ['', '', 'ATTRIBUTE_INVALID relation.describe.set.key: 1 to 32 bytes'],
    ['k'.repeat(33), '', 'ATTRIBUTE_INVALID relation.describe.set.key: 1 to 32 bytes'],
    ['k', 'v'.repeat(257), 'ATTRIBUTE_INVALID relation.describe.set.value: at most 256 bytes'],
    ['k'.repeat(32), 'v'.repeat(256), 'none'],
  ])('bounds the attributes of friends', (key, value, expected) => {
    expect(detailOf({ type: 'relation', value: { step: { type: 'describe', value: { set: [{ key, value }] } } } })).toBe(expected);
  });

  it('holds edits to the limit of texts of the app', () => {
    const edit: Kind = { type: 'edit', value: { seq: 1, content: text('x'.repeat(3_000)) } };
    expect(detailOf(edit)).toBe('MESSAGE_TOO_LARGE content.text.text: at most 2048 bytes');
    expect(detailOf(edit, 3_000)).toBe('none');
  });

  it('refuses no kind, and answers for any bytes', () => {
    expect(refusalTextOf(checkAct(createAct({})))).toBe('INVALID_ARGUMENT act: a known kind is missing');
    const content = fc.uint8Array({ maxLength: 100 });
    fc.assert(fc.property(content, (bytes) => typeof check({ type: 'edit', value: { seq: 1, content: bytes } }).ok === 'boolean'));
  });
});

it('knows which acts take a seq', () => {
  expect((['edit', 'rules', 'erase', 'cursor', 'typing', 'relation'] as const).map(takesSeq)).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});
