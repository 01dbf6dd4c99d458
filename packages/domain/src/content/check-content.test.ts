import { describe, expect, it } from '@jest/globals';
import { limits } from '@parley/kernel';
import { type ContentInit, encodeContent } from '@parley/wire';
import fc from 'fast-check';
import { checkContent } from './check-content.js';

const text = (value: string): Uint8Array => encodeContent({ kind: { type: 'text', value: { text: value } } });
const detailOf = (bytes: Uint8Array, appLimits = {}): string => {
  const result = checkContent(bytes, appLimits);
  return result.ok ? 'ok' : `${result.error.name}: ${result.error.detail}`;
};

describe('checkContent', () => {
  it.each<[ContentInit['kind'], boolean]>([
    [{ type: 'text', value: { text: 'grüße 👋' } }, false],
    [{ type: 'image', value: { url: 'https://example.org/a.png', width: 3 } }, false],
    [{ type: 'location', value: { latitude: 1.5, longitude: -2 } }, false],
    [{ type: 'custom', value: { subType: 7, payload: Uint8Array.of(255, 0) } }, false],
    [{ type: 'command', value: { payload: Uint8Array.of(1) } }, true],
    [{ type: 'bullet', value: { text: 'wow' } }, true],
  ])('accepts %j', (kind, isTransient) => {
    expect(checkContent(encodeContent({ kind, extension: 'x' }))).toEqual({ ok: true, value: { kind: kind?.type, isTransient } });
  });

  it('counts the bytes of a text, not its characters', () => {
    expect(detailOf(text('é'.repeat(limits.textBytesMax / 2)))).toBe('ok');
    expect(detailOf(text('é'.repeat(limits.textBytesMax / 2 + 1)))).toBe('MESSAGE_TOO_LARGE: content.text.text: at most 2048 bytes');
    expect(detailOf(text('👋'.repeat(limits.textBytesMax / 4)))).toBe('ok');
    expect(detailOf(text('€'.repeat(683)))).toMatch(/^MESSAGE_TOO_LARGE/);
  });

  it('does not count what stands beside a text', () => {
    const full = { kind: { type: 'text', value: { text: 'x'.repeat(limits.textBytesMax) } }, extension: 'x'.repeat(1_024) } as const;
    expect(detailOf(encodeContent(full))).toBe('ok');
    expect(detailOf(text('x'.repeat(limits.textBytesMax + 1)))).toMatch(/^MESSAGE_TOO_LARGE/);
  });

  it('lets an app raise the limit of texts, up to the ceiling', () => {
    expect(detailOf(text('x'.repeat(5_000)), { textBytesMax: 5_000 })).toBe('ok');
    expect(detailOf(text('x'.repeat(33_000)), { textBytesMax: 1e9 })).toMatch(/at most 32768 bytes/);
  });

  it.each<[string, Uint8Array]>([
    ['content.command.payload', encodeContent({ kind: { type: 'command', value: { payload: new Uint8Array(5_121) } } })],
    ['content.bullet.text', encodeContent({ kind: { type: 'bullet', value: { text: 'x'.repeat(5_121) } } })],
    ['content.custom.payload', encodeContent({ kind: { type: 'custom', value: { payload: new Uint8Array(2_049) } } })],
    ['content.extension', encodeContent({ kind: { type: 'text', value: {} }, extension: 'x'.repeat(1_025) })],
    ['content', new Uint8Array(limits.contentBytesMax + 1)],
  ])('names %s when it is too large', (field, bytes) => {
    expect(detailOf(bytes)).toContain(`MESSAGE_TOO_LARGE: ${field}: at most`);
  });

  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['an unknown kind', Uint8Array.of((13 << 3) | 2, 0)],
    ['two kinds', Uint8Array.of(10, 0, 66, 0)],
    ['the same kind twice', Uint8Array.of(10, 0, 10, 0)],
    ['two kinds, the second a newer one', Uint8Array.of(10, 0, (12 << 3) | 2, 2, 10, 0)],
    ['a newer kind in a foreign wire type', Uint8Array.of(10 << 3, 1)],
    ['a kind in a foreign wire type', Uint8Array.of(8, 1)],
    ['truncated bytes', text('hello').subarray(0, 4)],
    ['invalid UTF-8', Uint8Array.of(10, 3, 10, 1, 0xff)],
  ])('refuses %s as INVALID_ARGUMENT', (_what, bytes) => {
    expect(detailOf(bytes)).toMatch(/^INVALID_ARGUMENT: content: /);
  });

  it('answers for any bytes and never throws', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => typeof checkContent(bytes).ok === 'boolean'));
  });
});
