import { fileTypeFromBuffer } from 'file-type';
import { imageSize } from 'image-size';
import { ParleyError } from '@parley/kernel';
import type { MediaKind } from '../limits.js';

/** Types by their magic bytes. What browsers could run, such as SVG, has none and is no picture here. */
const typesOf: Readonly<Record<Exclude<MediaKind, 'file'>, ReadonlySet<string>>> = {
  image: new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/bmp', 'image/tiff', 'image/avif', 'image/heic']),
  audio: new Set([
    'audio/mpeg',
    'audio/mp4',
    'audio/x-m4a',
    'video/mp4',
    'audio/aac',
    'audio/ogg',
    'audio/ogg; codecs=opus',
    'audio/wav',
    'audio/flac',
    'audio/webm',
    'video/webm',
    'audio/amr',
  ]),
  video: new Set(['video/mp4', 'video/quicktime', 'video/webm', 'video/x-m4v', 'video/matroska']),
};

/** Shown by browsers without running anything. */
const inlineTypes: ReadonlySet<string> = new Set([
  ...['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/bmp', 'image/avif'],
  ...typesOf.audio,
  ...typesOf.video,
]);

/** What a file turned out to be. */
export interface FoundContent {
  readonly mimeType: string;
  /** Of pictures, as they are shown; else 0. */
  readonly width: number;
  readonly height: number;
}

/** Looks at the beginning of a file; throws MEDIA_REFUSED when it is not of its kind. */
export async function identify(kind: MediaKind, announced: string, head: Uint8Array): Promise<FoundContent> {
  const found = (await fileTypeFromBuffer(head).catch(() => undefined))?.mime;
  if (kind === 'file') return { mimeType: found ?? safeName(announced), width: 0, height: 0 };
  if (found === undefined || !typesOf[kind].has(found)) {
    throw new ParleyError('MEDIA_REFUSED', `${kind}: its first bytes are those of ${found ?? 'no known type'}`);
  }
  return { mimeType: found, ...(kind === 'image' ? sizeOf(head) : { width: 0, height: 0 }) };
}

/** Whether a browser may show a file of this type, instead of saving it. */
export const isShownInline = (mimeType: string): boolean => inlineTypes.has(mimeType);

function sizeOf(head: Uint8Array): { readonly width: number; readonly height: number } {
  try {
    const { width, height, orientation } = imageSize(head);
    // From 5 on the picture lies on its side (Exif 2.32, "Orientation").
    return orientation !== undefined && orientation >= 5 ? { width: height, height: width } : { width, height };
  } catch {
    throw new ParleyError('MEDIA_REFUSED', 'image: no size can be read from it');
  }
}

const plainType = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,63}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}$/;

/** RFC 6838, "Naming Requirements"; anything else is just bytes. */
const safeName = (mimeType: string): string =>
  plainType.test(mimeType.toLowerCase()) ? mimeType.toLowerCase() : 'application/octet-stream';
