import { Readable } from 'node:stream';
import { ParleyError } from '@parley/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isShownInline } from '../check/content-type.js';
import type { MediaRecord } from '../media-record.js';
import type { ByteRange, MediaKey } from '../ports.js';
import type { MediaServerOptions } from './media-server.js';

/** GET and HEAD of a complete file, or of one range of it (RFC 9110, "Range Requests"). */
export async function sendFile(
  { store, events }: MediaServerOptions,
  request: FastifyRequest,
  reply: FastifyReply,
  key: MediaKey,
): Promise<FastifyReply> {
  const record = await store.record(key);
  if (record === undefined || !record.isComplete) throw new ParleyError('MEDIA_NOT_FOUND');
  const { sizeBytes } = record;
  const range = readRange(request.headers.range, sizeBytes);
  if (range === 'unsatisfiable') return reply.code(416).header('content-range', `bytes */${sizeBytes}`).send();
  const bytes = range === undefined ? sizeBytes : range.to - range.from + 1;
  reply.headers(headersOf(record)).header('content-length', String(bytes));
  if (range !== undefined) reply.code(206).header('content-range', `bytes ${range.from}-${range.to}/${sizeBytes}`);
  if (request.method === 'HEAD') return reply.send();
  events.gave(bytes);
  return reply.send(Readable.from(store.read(key, range), { objectMode: false }));
}

/** Nothing of a file is ever run, whatever it holds: not by its type, not in the origin that serves it. */
function headersOf({ mimeType, name, sha256 }: MediaRecord): Readonly<Record<string, string>> {
  const isInline = isShownInline(mimeType);
  return {
    'content-type': isInline ? mimeType : 'application/octet-stream',
    'content-disposition': `${isInline ? 'inline' : 'attachment'}; filename*=UTF-8''${encodeFileName(name)}`,
    'content-security-policy': "default-src 'none'; sandbox",
    'accept-ranges': 'bytes',
    'cache-control': 'private, max-age=600, immutable',
    etag: `"${sha256}"`,
  };
}

/** RFC 8187, "ext-value"; `encodeURIComponent` lets some characters through that are not allowed there. */
const encodeFileName = (name: string): string =>
  encodeURIComponent(wellFormed(name === '' ? 'file' : name)).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** A lone surrogate becomes U+FFFD, as on every way over UTF-8. */
const wellFormed = (text: string): string => Buffer.from(text).toString();

const oneRange = /^bytes=(\d{0,15})-(\d{0,15})$/;

/** Undefined for the whole file, also where several ranges are asked for or the header is not understood. */
function readRange(header: string | undefined, sizeBytes: number): ByteRange | 'unsatisfiable' | undefined {
  const [, first, last] = oneRange.exec(header ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  if (first === '') {
    const length = Math.min(Number(last), sizeBytes);
    return length === 0 ? 'unsatisfiable' : { from: sizeBytes - length, to: sizeBytes - 1 };
  }
  const from = Number(first);
  const to = last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (last !== '' && Number(last) < from) return undefined;
  return from >= sizeBytes ? 'unsatisfiable' : { from, to };
}
