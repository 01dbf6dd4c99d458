import type { MediaInfo } from '@parley/wire';
import type { MessageContent, MessageContentInit } from '../content.js';
import type { FileSource } from './file-source.js';

/** What a file is to its message. */
export type FileKind = 'image' | 'audio' | 'video' | 'file';

/** What the application knows of a file beyond its bytes. */
export interface FileDetails {
  readonly kind: FileKind;
  readonly name: string;
  readonly mimeType: string;
  /** Recordings and films, milliseconds. */
  readonly durationMs?: number;
  /** Films, pixels. */
  readonly width?: number;
  readonly height?: number;
  /** A small picture, JPEG, PNG or WebP. */
  readonly thumbnail?: Uint8Array;
  /** Free for the application; see `MessageContent`. */
  readonly extension?: string;
}

/** Pictures that servers take for such; others, such as SVG, are files. */
const pictures = /^image\/(?:png|jpeg|gif|webp|bmp|tiff|avif|heic)$/;

export function kindOf(mimeType: string): FileKind {
  if (pictures.test(mimeType)) return 'image';
  const [kind] = mimeType.split('/');
  return kind === 'audio' || kind === 'video' ? kind : 'file';
}

/** The content of a message with the file. */
export function contentOf(
  details: FileDetails,
  { media, width, height, sizeBytes, mimeType, sha256, name }: MediaInfo,
): MessageContentInit {
  const { kind, durationMs, thumbnail, extension } = details;
  const extra = extension === undefined ? {} : { extension };
  const file = { media, sizeBytes, mimeType, ...extra };
  switch (kind) {
    case 'image':
      return { type: kind, ...file, width, height, thumbnail };
    case 'audio':
      return { type: kind, ...file, durationMs };
    case 'video':
      return { type: kind, ...file, durationMs, thumbnail, width: width || details.width, height: height || details.height };
    default:
      return { type: kind, ...file, name, sha256 };
  }
}

/** The same before the file is there. */
export function draftOf(details: FileDetails, { sizeBytes }: FileSource): MessageContentInit {
  const { name, mimeType, width = 0, height = 0 } = details;
  return contentOf(details, { ...{ media: '', url: '', urlExpiresMs: 0, sha256: '', sizeBytes, mimeType, name, width, height } });
}

/** Ids of the files of a content, also of those inside it. */
export function mediaOf(content: MessageContent | MessageContentInit): readonly string[] {
  switch (content.type) {
    case 'multiple':
      return ([] as readonly string[]).concat(...content.items.map((item) => mediaOf(item)));
    case 'combined':
      return ([] as readonly string[]).concat(...content.items.map((item) => mediaOf(item.content)));
    default:
      return 'media' in content && content.media !== undefined && content.media !== '' ? [content.media] : [];
  }
}
