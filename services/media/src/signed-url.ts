import { createHmac, timingSafeEqual } from 'node:crypto';
import type { MediaKey } from './ports.js';

/** What a URL is for: one for downloads does not upload. */
export type UrlPurpose = 'upload' | 'download';

export interface UrlGrant extends MediaKey {
  readonly purpose: UrlPurpose;
  /** When it ends, milliseconds since 1970 (UTC). */
  readonly expiresMs: number;
}

/** Path and query of a URL that may be used until it expires, by whoever has it. */
export function signedPath(urlKey: string, grant: UrlGrant): string {
  const { app, media, purpose, expiresMs } = grant;
  return `/media/v1/${app}/${media}?for=${purpose}&until=${expiresMs}&sign=${signatureOf(urlKey, grant)}`;
}

/** What such a URL grants at this time, or undefined. */
export function readGrant(urlKey: string, key: MediaKey, query: Readonly<Record<string, unknown>>, nowMs: number): UrlGrant | undefined {
  const { for: purpose, until, sign } = query;
  if (purpose !== 'upload' && purpose !== 'download') return undefined;
  if (typeof until !== 'string' || typeof sign !== 'string' || !/^\d{1,15}$/.test(until)) return undefined;
  const grant = { app: key.app, media: key.media, purpose, expiresMs: Number(until) } as const;
  const [expected, given] = [Buffer.from(signatureOf(urlKey, grant)), Buffer.from(sign)];
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  return grant.expiresMs > nowMs ? grant : undefined;
}

/** HMAC-SHA256 over all that the URL says; no part holds the character that parts them. */
function signatureOf(urlKey: string, { app, media, purpose, expiresMs }: UrlGrant): string {
  return createHmac('sha256', urlKey).update(['v1', purpose, app, media, expiresMs].join('\n')).digest('base64url');
}
