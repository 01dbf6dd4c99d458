import type { Readable } from 'node:stream';
import { limits, ParleyError } from '@parley/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { MediaEvents } from '../events.js';
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

/**
 * PATCH: takes bytes where the upload stands. Those that came before a connection broke are kept. Whoever asks about the same
 * upload meanwhile has given this request up, as after a change of network, which may be seen here much later: it ends then.
 */
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
  return options.serial.runYielding(key.media, async (isGivenUp) => {
    const { record, offset } = await stateOf(options, key);
    if (request.headers['upload-offset'] !== String(offset)) {
      return reply
        .headers({ ...tusHeaders, ...offsets(record, offset) })
        .code(409)
        .send();
    }
    const source = (request.body ?? request.raw) as Readable;
    const received = await appendUntil(isGivenUp, options, { key, offset, source, bytesMax: record.sizeBytes - offset });
    return reply
      .headers({ ...tusHeaders, 'upload-offset': String(received) })
      .code(204)
      .send();
  });
}

interface Appending {
  readonly key: MediaKey;
  readonly offset: number;
  readonly source: Readable;
  readonly bytesMax: number;
}

/** Answers how far the upload has come. */
async function appendUntil(
  isGivenUp: AbortSignal,
  { store, events }: MediaServerOptions,
  { key, offset, source, bytesMax }: Appending,
): Promise<number> {
  await store.append(key, offset, bounded(arrived(source, isGivenUp), bytesMax, events));
  return store.receivedBytes(key);
}

/** What comes, until that is given up: then what has arrived by that time, and no more. */
async function* arrived(source: Readable, isGivenUp: AbortSignal): AsyncGenerator<Uint8Array> {
  const over = new ParleyError('UNAVAILABLE', 'the upload goes on with another request');
  let leftBytes = Number.POSITIVE_INFINITY;
  const giveUp = (): void => {
    leftBytes = source.readableLength;
    // Nobody would wake whoever waits for more.
    if (leftBytes === 0) source.destroy(over);
  };
  isGivenUp.addEventListener('abort', giveUp);
  if (isGivenUp.aborted) leftBytes = source.readableLength;
  try {
    if (leftBytes === 0) throw over;
    for await (const bytes of source as AsyncIterable<Uint8Array>) {
      yield bytes;
      leftBytes -= bytes.length;
      if (leftBytes <= 0) throw over;
    }
  } finally {
    isGivenUp.removeEventListener('abort', giveUp);
  }
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
async function* bounded(source: AsyncIterable<Uint8Array>, bytesMax: number, { took }: MediaEvents): AsyncGenerator<Uint8Array> {
  let left = bytesMax;
  for await (const bytes of source) {
    left -= bytes.length;
    if (left < 0) throw new ParleyError('MESSAGE_TOO_LARGE', 'more bytes than were announced');
    took(bytes.length);
    yield bytes;
  }
}
