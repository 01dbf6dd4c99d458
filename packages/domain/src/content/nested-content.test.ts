import { describe, expect, it } from '@jest/globals';
import { limits } from '@parley/kernel';
import { type CombinedItemInit, type ContentInit, encodeContent } from '@parley/wire';
import fc from 'fast-check';
import { refusalTextOf, text } from '../testing/act-fixture.js';
import { checkContent } from './check-content.js';
import { contentKindOf, isEditable } from './content-kind.js';

type Kind = NonNullable<ContentInit['kind']>;

const detailOf = (kind: Kind, textBytesMax = 2_048): string => refusalTextOf(checkContent(encodeContent({ kind }), { textBytesMax }));
const item = (content = text('hi'), sender = 'ann'): CombinedItemInit => ({ sender, timeMs: 5, content });
const combined = (items: readonly CombinedItemInit[], title = 'Chat'): Kind => ({
  type: 'combined',
  value: { title, summary: 'ann: hi', items },
});
const multiple = (...items: Uint8Array[]): Kind => ({ type: 'multiple', value: { items } });
const wrapped = (depth: number): Uint8Array => encodeContent({ kind: combined([item(depth === 1 ? text('hi') : wrapped(depth - 1))]) });
const times = <T>(count: number, value: T): readonly T[] => Array.from({ length: count }, () => value);

const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1);
const jpeg = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0);
const webp = Uint8Array.of(0x52, 0x49, 0x46, 0x46, 1, 2, 3, 4, 0x57, 0x45, 0x42, 0x50);
const picture = (bytes: number): Uint8Array => Uint8Array.of(...png, ...new Uint8Array(bytes - png.length));

describe('checkContent of forwarded messages', () => {
  it.each<[string, Kind]>([
    ['one', combined([item()])],
    ['as many as there may be', combined(times(limits.combinedItemsMax, item()))],
    ['nobody’s', combined([item(text('hi'), '')])],
    ['a notice', combined([item(encodeContent({ kind: { type: 'notice', value: { code: 'x' } } }))])],
    ['several things', combined([item(encodeContent({ kind: multiple(text('a'), text('b')) }))])],
  ])('accepts %s', (_, kind) => {
    expect(checkContent(encodeContent({ kind }))).toEqual({ ok: true, value: { kind: 'combined', isTransient: false } });
  });

  it.each<[string, Kind, string]>([
    ['none', combined([]), 'INVALID_ARGUMENT content.combined.items: 1 to 100'],
    ['too many', combined(times(101, item())), 'INVALID_ARGUMENT content.combined.items: 1 to 100'],
    ['a long title', combined([item()], 'é'.repeat(33)), 'MESSAGE_TOO_LARGE content.combined.title: at most 64 bytes'],
    ['a sender that is none', combined([item(text('hi'), 'a a')]), 'INVALID_ARGUMENT content.combined.items[0].sender: a user id'],
    [
      'an empty item',
      combined([item(), item(new Uint8Array(0))]),
      'INVALID_ARGUMENT content.combined.items[1]: content: a known kind is missing',
    ],
    ['garbage inside', combined([item(Uint8Array.of(10, 99))]), 'INVALID_ARGUMENT content.combined.items[0]: content: truncated'],
    [
      'a command inside',
      combined([item(encodeContent({ kind: { type: 'command', value: {} } }))]),
      'INVALID_ARGUMENT content.combined.items[0]: no command',
    ],
    [
      'a long text inside',
      combined([item(text('x'.repeat(2_049)))]),
      'MESSAGE_TOO_LARGE content.combined.items[0]: content.text.text: at most 2048 bytes',
    ],
  ])('refuses %s', (_, kind, detail) => {
    expect(detailOf(kind)).toBe(detail);
  });

  it('refuses a long summary', () => {
    const kind: Kind = { type: 'combined', value: { summary: 'x'.repeat(513), items: [item()] } };
    expect(detailOf(kind)).toBe('MESSAGE_TOO_LARGE content.combined.summary: at most 512 bytes');
  });

  it('goes three deep, and no deeper', () => {
    expect(refusalTextOf(checkContent(wrapped(3)))).toBe('none');
    expect(refusalTextOf(checkContent(wrapped(4)))).toContain('content.combined: at most 3 deep');
    expect(refusalTextOf(checkContent(wrapped(400)))).toContain('at most 3 deep');
  });

  it('lets the app’s limit of texts hold inside, too', () => {
    expect(detailOf(combined([item(text('x'.repeat(2_049)))]), 4_000)).toBe('none');
  });

  it('answers for any bytes inside, at any depth', () => {
    const inner = fc.uint8Array({ maxLength: 60 });
    fc.assert(
      fc.property(inner, fc.boolean(), (bytes, isMultiple) => {
        const content = encodeContent({ kind: isMultiple ? multiple(text('a'), bytes) : combined([item(), item(bytes)]) });
        const [outside, inside] = [checkContent(content), checkContent(bytes)];
        if (!inside.ok) expect(outside.ok).toBe(false);
      }),
    );
  });
});

describe('checkContent of a message of several things', () => {
  it('accepts up to twenty', () => {
    expect(detailOf(multiple(...times(limits.multipleItemsMax, text('hi'))))).toBe('none');
    expect(detailOf(multiple(...times(21, text('hi'))))).toBe('INVALID_ARGUMENT content.multiple.items: 1 to 20');
    expect(detailOf(multiple())).toBe('INVALID_ARGUMENT content.multiple.items: 1 to 20');
  });

  it.each<[string, Kind]>([
    ['command', { type: 'command', value: {} }],
    ['bullet', { type: 'bullet', value: {} }],
    ['combined', combined([item()])],
    ['multiple', multiple(text('a'))],
    ['notice', { type: 'notice', value: { code: 'x' } }],
  ])('takes no %s', (name, kind) => {
    expect(detailOf(multiple(text('a'), encodeContent({ kind })))).toBe(`INVALID_ARGUMENT content.multiple.items[1]: no ${name}`);
  });
});

describe('checkContent of media', () => {
  it.each<Kind>([
    { type: 'image', value: { media: 'm-1', thumbnail: png } },
    { type: 'image', value: { url: 'https://example.org/a', thumbnail: picture(limits.thumbnailBytesMax) } },
    { type: 'video', value: { media: 'm-1', thumbnail: jpeg } },
    { type: 'video', value: { media: 'm-1', thumbnail: webp } },
    { type: 'file', value: { media: 'm-1', name: 'é'.repeat(127), sha256: 'a'.repeat(64) } },
    { type: 'audio', value: { url: 'x'.repeat(2_048) } },
    { type: 'location', value: { latitude: -90, longitude: 180 } },
    { type: 'notice', value: { code: 'x'.repeat(64), text: 'x'.repeat(2_048), parameters: times(20, { name: 'n', value: 'v' }) } },
  ])('accepts %j', (kind) => {
    expect(detailOf(kind)).toBe('none');
  });

  it.each<[Kind, string]>([
    [{ type: 'image', value: { media: 'm-1', url: 'https://example.org/a' } }, 'INVALID_ARGUMENT content.image: either media or url'],
    [{ type: 'image', value: { media: 'm/1' } }, 'INVALID_ARGUMENT content.image.media: a media id'],
    [{ type: 'image', value: { thumbnail: Uint8Array.of(1, 2, 3, 4) } }, 'INVALID_ARGUMENT content.image.thumbnail: JPEG, PNG or WebP'],
    [{ type: 'image', value: { thumbnail: webp.subarray(0, 8) } }, 'INVALID_ARGUMENT content.image.thumbnail: JPEG, PNG or WebP'],
    [{ type: 'video', value: { thumbnail: picture(8_193) } }, 'MESSAGE_TOO_LARGE content.video.thumbnail: at most 8192 bytes'],
    [{ type: 'video', value: { thumbnailUrl: 'x'.repeat(2_049) } }, 'MESSAGE_TOO_LARGE content.video.thumbnail_url: at most 2048 bytes'],
    [{ type: 'audio', value: { url: 'x'.repeat(2_049) } }, 'MESSAGE_TOO_LARGE content.audio.url: at most 2048 bytes'],
    [{ type: 'audio', value: { mimeType: 'x'.repeat(256) } }, 'MESSAGE_TOO_LARGE content.audio.mime_type: at most 255 bytes'],
    [{ type: 'file', value: { name: 'é'.repeat(128) } }, 'MESSAGE_TOO_LARGE content.file.name: at most 255 bytes'],
    [{ type: 'file', value: { sha256: 'A'.repeat(64) } }, 'INVALID_ARGUMENT content.file.sha256: 64 hexadecimal digits'],
    [{ type: 'location', value: { latitude: 90.1 } }, 'INVALID_ARGUMENT content.location.latitude: -90 to 90'],
    [{ type: 'location', value: { latitude: Number.NaN } }, 'INVALID_ARGUMENT content.location.latitude: -90 to 90'],
    [{ type: 'location', value: { longitude: Number.NEGATIVE_INFINITY } }, 'INVALID_ARGUMENT content.location.longitude: -180 to 180'],
    [{ type: 'location', value: { address: 'x'.repeat(2_049) } }, 'MESSAGE_TOO_LARGE content.location.address: at most 2048 bytes'],
    [{ type: 'notice', value: {} }, 'INVALID_ARGUMENT content.notice.code: 1 to 64 bytes'],
    [{ type: 'notice', value: { code: 'x'.repeat(65) } }, 'MESSAGE_TOO_LARGE content.notice.code: at most 64 bytes'],
    [{ type: 'notice', value: { code: 'x', text: 'x'.repeat(2_049) } }, 'MESSAGE_TOO_LARGE content.notice.text: at most 2048 bytes'],
    [
      { type: 'notice', value: { code: 'x', parameters: times(21, { name: 'n' }) } },
      'INVALID_ARGUMENT content.notice.parameters: at most 20',
    ],
    [{ type: 'notice', value: { code: 'x', parameters: [{}] } }, 'INVALID_ARGUMENT content.notice.parameters[0].name: 1 to 64 bytes'],
    [
      { type: 'notice', value: { code: 'x', parameters: [{ name: 'n', value: 'x'.repeat(2_049) }] } },
      'MESSAGE_TOO_LARGE content.notice.parameters[0].value: at most 2048 bytes',
    ],
  ])('refuses %j', (kind, detail) => {
    expect(detailOf(kind)).toBe(detail);
  });
});

describe('contentKindOf', () => {
  it.each<Kind>([
    { type: 'text', value: { text: 'x' } },
    { type: 'image', value: {} },
    { type: 'file', value: {} },
    { type: 'audio', value: {} },
    { type: 'video', value: {} },
    { type: 'location', value: {} },
    { type: 'custom', value: {} },
    { type: 'command', value: {} },
    { type: 'bullet', value: {} },
    combined([]),
    multiple(),
    { type: 'notice', value: {} },
  ])('knows $type without decoding', (kind) => {
    expect(contentKindOf(encodeContent({ kind, extension: 'x' }))).toBe(kind.type);
  });

  it('knows nothing of other bytes, and never throws', () => {
    expect(contentKindOf(new Uint8Array(0))).toBeUndefined();
    expect(contentKindOf(encodeContent({ extension: 'x' }))).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => contentKindOf(bytes) === undefined || checkContent(bytes) !== undefined),
    );
  });
});

it('lets be edited what carries words of its sender', () => {
  const kinds = [
    'text',
    'image',
    'file',
    'audio',
    'video',
    'location',
    'custom',
    'multiple',
    'combined',
    'notice',
    'command',
    'bullet',
    '',
  ];
  expect(kinds.filter(isEditable)).toEqual(['text', 'image', 'file', 'audio', 'video', 'location', 'custom', 'multiple']);
});
