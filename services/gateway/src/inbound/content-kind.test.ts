import { describe, expect, it } from '@jest/globals';
import { checkContent } from '@parley/domain';
import { encodeContent } from '@parley/wire';
import fc from 'fast-check';
import { messageClassOf } from './content-kind.js';

describe('messageClassOf', () => {
  it('agrees with the check of the content about everything that passes it', () => {
    let checked = 0;
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      // Fields one after the other, among them kinds, unknown ones and the extension before the kind.
      fc
        .array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.uint8Array({ maxLength: 3 })), { maxLength: 3 })
        .map((fields) => Uint8Array.from(fields.flatMap(([field, value]) => [...tagOf(field), value.length, ...value]))),
    );
    fc.assert(
      fc.property(bytes, (content) => {
        const result = checkContent(content);
        if (!result.ok) return;
        checked++;
        const { kind, isTransient } = result.value;
        expect(messageClassOf(content)).toBe(isTransient ? kind : 'stored');
      }),
      { numRuns: 5_000 },
    );
    expect(checked).toBeGreaterThan(100);
  });

  it.each([
    [encodeContent({ kind: { type: 'bullet', value: { text: 'x' } } }), 'bullet'],
    [encodeContent({ kind: { type: 'command', value: {} }, extension: 'x' }), 'command'],
    [Buffer.concat([encodeContent({ extension: 'x' }), encodeContent({ kind: { type: 'command', value: {} } })]), 'command'],
    [encodeContent({ kind: { type: 'text', value: { text: 'x' } } }), 'stored'],
    [new Uint8Array(0), 'stored'],
    [Uint8Array.of(122, 200), 'stored'],
  ])('tells the class of %j', (content, expected) => {
    expect(messageClassOf(content)).toBe(expected);
  });
});

const tagOf = (field: number): number[] => {
  const tag = (field << 3) | 2;
  return tag < 0x80 ? [tag] : [(tag & 0x7f) | 0x80, tag >>> 7];
};
