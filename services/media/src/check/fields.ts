import { isAppId, isUserId, limits, parseConversation, ParleyError } from '@parley/kernel';
import { bytesMaxOf, isMediaKind, type MediaKind, mediaLimits } from '../limits.js';

const mediaId = /^[0-9a-v]{26}$/;
const sha256 = /^[0-9a-f]{64}$/;

export function demand(isTrue: boolean, what: string): asserts isTrue {
  if (!isTrue) throw new ParleyError('INVALID_ARGUMENT', what);
}

export function checkApp(app: string): void {
  demand(isAppId(app), 'app: 1 to 64 of A-Z a-z 0-9 _ - .');
}

export function checkUser(user: string): void {
  demand(isUserId(user), 'user: 1 to 32 of A-Z a-z 0-9 _ - .');
}

export function checkConversation(field: string, conversation: string): void {
  demand(parseConversation(conversation).ok, `${field}: expected u:<user>|<user> (sorted), g:<group> or r:<room>`);
}

/** An id that this service never gave out names nothing. */
export function checkMedia(media: string): void {
  if (!mediaId.test(media)) throw new ParleyError('MEDIA_NOT_FOUND');
}

export interface Announced {
  readonly kind: string;
  readonly name: string;
  readonly mimeType: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** What is announced of a file, before anything of it comes. */
export function checkAnnounced({ kind, name, mimeType, sizeBytes, sha256: hash }: Announced): MediaKind {
  demand(isMediaKind(kind), 'kind: image, audio, video or file');
  demand(Buffer.byteLength(name) <= limits.mediaNameBytesMax, `name: at most ${limits.mediaNameBytesMax} bytes`);
  demand(Buffer.byteLength(mimeType) <= mediaLimits.mimeTypeBytesMax, `mime_type: at most ${mediaLimits.mimeTypeBytesMax} bytes`);
  demand(sizeBytes > 0, 'size_bytes: at least 1');
  if (sizeBytes > bytesMaxOf[kind]) throw new ParleyError('MESSAGE_TOO_LARGE', `size_bytes: at most ${bytesMaxOf[kind]} for ${kind}`);
  demand(hash === '' || sha256.test(hash), 'sha256: 64 hexadecimal digits in lower case');
  return kind;
}
