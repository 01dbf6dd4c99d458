import type { Readable } from 'node:stream';
import { limits, ParleyError } from '@parley/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { MediaRecord } from '../media-record.js';
import type { MediaKey } from '../ports.js';
import type { MediaServerOptions } from './media-server.js';

/** What an upload endpoint says of itself (tus resumable upload protocol 1.0.0, "Core Protocol"). */
export const tusHeaders = {
  'tus-resumable': '1.0.0',
  'tus-version': '1.0.0',
  'tus-max-size': String(limits.fileBytesMax),
} as const;

/** HEAD: how far the upload has come. */
export async function answerOffset(options: MediaServerOptions, reply: FastifyReply, key: MediaKey): Promise<FastifyReply> {
  const { record, offset } = await options.serial.run(key.media, async () => stateOf(options, key));
  return reply
    .headers({ ...tusHeaders, ...offsets(record, offset), 'cache-control': 'no-store' })
    .code(200)
    .send();
}

/** PATCH: takes bytes where the upload stands. Those that came before a connection broke are kept. */
export async function takeBytes(
  options: MediaServerOptions,
  request: FastifyRequest,
  reply: FastifyReply,
  key: MediaKey,
): Promise<FastifyReply> {
  if (request.headers['tus-resumable'] !== tusHeaders['tus-resumable']) {
    return reply.headers(tusHeaders).code(412).send();
  }
  if (request.headers['content-type'] !== 'application/offset+octet-stream') {
    throw new ParleyError('MEDIA_REFUSED', 'content-type: application/offset+octet-stream');
  }
  return options.serial.run(key.media, async () => {
    const { record, offset } = await stateOf(options, key);
    if (request.headers['upload-offset'] !== String(offset)) {
      return reply
        .headers({ ...tusHeaders, ...offsets(record, offset) })
        .code(409)
        .send();
    }
    const source = (request.body ?? request.raw) as Readable;
    await options.store.append(key, offset, bounded(source, record.sizeBytes - offset));
    const received = await options.store.receivedBytes(key);
    return reply
      .headers({ ...tusHeaders, 'upload-offset': String(received) })
      .code(204)
      .send();
  });
}

async function stateOf({ store }: MediaServerOptions, key: MediaKey): Promise<{ readonly record: MediaRecord; readonly offset: number }> {
  const record = await store.record(key);
  if (record === undefined) throw new ParleyError('MEDIA_NOT_FOUND');
  return { record, offset: record.isComplete ? record.sizeBytes : await store.receivedBytes(key) };
}

const offsets = (record: MediaRecord, offset: number): Readonly<Record<string, string>> => ({
  'upload-offset': String(offset),
  'upload-length': String(record.sizeBytes),
});

/** Throws when more comes than was announced; that piece is not passed on. */
async function* bounded(source: AsyncIterable<Uint8Array>, bytesMax: number): AsyncGenerator<Uint8Array> {
  let left = bytesMax;
  for await (const bytes of source) {
    left -= bytes.length;
    if (left < 0) throw new ParleyError('MESSAGE_TOO_LARGE', 'more bytes than were announced');
    yield bytes;
  }
}
