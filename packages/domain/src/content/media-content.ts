import { limits, type Refusal, refusal } from '@parley/kernel';
import type { Content, Location } from '@parley/wire';
import { overLimit, overText } from './sizes.js';

type Media = Extract<NonNullable<Content['kind']>, { readonly type: 'image' | 'file' | 'audio' | 'video' }>;

const mediaId = /^[A-Za-z0-9_.-]{1,64}$/;
const sha256 = /^(?:[0-9a-f]{64})?$/;
const mimeBytesMax = 255;

/** What is wrong with what a message says about a file; the file itself is the media service's matter. */
export function refusalOfMedia(media: Media): Refusal | undefined {
  const { type, value } = media;
  const field = `content.${type}`;
  if (value.media !== '') {
    if (!mediaId.test(value.media)) return refusal('INVALID_ARGUMENT', `${field}.media: a media id`);
    if (value.url !== '') return refusal('INVALID_ARGUMENT', `${field}: either media or url`);
  }
  const tooLong =
    overText(`${field}.url`, value.url, limits.mediaUrlBytesMax) ?? overText(`${field}.mime_type`, value.mimeType, mimeBytesMax);
  if (tooLong !== undefined || type === 'audio') return tooLong;
  if (type === 'file') {
    if (!sha256.test(value.sha256)) return refusal('INVALID_ARGUMENT', `${field}.sha256: 64 hexadecimal digits`);
    return overText(`${field}.name`, value.name, limits.mediaNameBytesMax);
  }
  return overText(`${field}.thumbnail_url`, value.thumbnailUrl, limits.mediaUrlBytesMax) ?? refusalOfThumbnail(field, value.thumbnail);
}

/** What is wrong with a place. */
export function refusalOfPlace({ latitude, longitude, title, address }: Location): Refusal | undefined {
  if (!(Math.abs(latitude) <= 90)) return refusal('INVALID_ARGUMENT', 'content.location.latitude: -90 to 90');
  if (!(Math.abs(longitude) <= 180)) return refusal('INVALID_ARGUMENT', 'content.location.longitude: -180 to 180');
  return (
    overText('content.location.title', title, limits.textBytesMax) ?? overText('content.location.address', address, limits.textBytesMax)
  );
}

function refusalOfThumbnail(field: string, thumbnail: Uint8Array): Refusal | undefined {
  if (thumbnail.length === 0) return undefined;
  const tooLarge = overLimit(`${field}.thumbnail`, thumbnail.length, limits.thumbnailBytesMax);
  if (tooLarge !== undefined || isPicture(thumbnail)) return tooLarge;
  return refusal('INVALID_ARGUMENT', `${field}.thumbnail: JPEG, PNG or WebP`);
}

/** First bytes of JPEG (ITU-T T.81, B.1.1.3), PNG (RFC 2083, 3.1) and WebP (RFC 9649, 2.4: RIFF, size, WEBP). */
const isPicture = (bytes: Uint8Array): boolean =>
  startsWith(bytes, 0, [0xff, 0xd8, 0xff]) ||
  startsWith(bytes, 0, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) ||
  (startsWith(bytes, 0, [0x52, 0x49, 0x46, 0x46]) && startsWith(bytes, 8, [0x57, 0x45, 0x42, 0x50]));

const startsWith = (bytes: Uint8Array, at: number, expected: readonly number[]): boolean =>
  expected.every((byte, i) => bytes[at + i] === byte);
