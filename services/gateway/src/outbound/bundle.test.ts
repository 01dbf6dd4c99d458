import { describe, expect, it } from '@jest/globals';
import type { PreparedMessage } from '@parley/edge-listener';
import { decodeServerFrames, type ServerFrame } from '@parley/wire';
import fc from 'fast-check';
import { type Bundle, type BundleEncoder, emptyBundle } from './bundle.js';
import { type Chunk, chunkOf } from './chunk.js';
import { Outbox, queues } from './outbox.js';

/** Keeps what was prepared, to count and to decode it. */
function recordingEncoder(): BundleEncoder & { readonly prepared: Uint8Array[] } {
  const prepared: Uint8Array[] = [];
  const prepare = (payload: Uint8Array | string): PreparedMessage => {
    prepared.push(typeof payload === 'string' ? Buffer.from(payload) : payload);
    return { byteLength: payload.length };
  };
  return { listener: { prepare }, jsonCodec: undefined, prepared };
}

const pong = (id: number): Chunk => chunkOf({ id, body: { type: 'pong', value: { serverTimeMs: id } } });
const idsIn = (bytes: Uint8Array | undefined): number[] =>
  decodeServerFrames(bytes ?? new Uint8Array(0)).frames.map((frame: ServerFrame) => frame.id);

const framesOf = (outbox: Outbox): ServerFrame[] => outbox.takeNotices().flatMap(({ bytes }) => decodeServerFrames(bytes).frames);

describe('Bundle', () => {
  it('joins chunks to one message with all frames in order', () => {
    const encoder = recordingEncoder();
    [1, 2, 3].reduce((bundle, id) => bundle.append(pong(id)), emptyBundle).message(false, encoder);
    expect(idsIn(encoder.prepared[0])).toEqual([1, 2, 3]);
  });

  it('is the same object for the same chunks in the same order, and only then', () => {
    const chunks = [1, 2, 3].map(pong);
    const steps = fc.array(fc.nat(2), { maxLength: 6 });
    const build = (indexes: readonly number[]): Bundle =>
      indexes.reduce((bundle, index) => bundle.append(chunks[index] ?? pong(9)), emptyBundle);
    fc.assert(fc.property(steps, steps, (a, b) => (build(a) === build(b)) === (a.join() === b.join())));
  });

  it('is prepared once for all connections that hold it', () => {
    const encoder = recordingEncoder();
    const [shared, own] = [pong(1), pong(2)];
    const messages = Array.from({ length: 1_000 }, () => emptyBundle.append(shared).append(own).message(false, encoder));
    expect(new Set(messages).size).toBe(1);
    expect(encoder.prepared).toHaveLength(1);
  });
});

describe('Outbox', () => {
  it('gives back everything that was put in, in order, in messages of bounded size', () => {
    const encoder = recordingEncoder();
    const outbox = new Outbox();
    const ids = Array.from({ length: 100 }, (_, i) => i + 1);
    for (const id of ids) outbox.add(queues.normal, pong(id), 50);
    for (let bundle = outbox.take(queues.normal); bundle !== undefined; bundle = outbox.take(queues.normal)) bundle.message(false, encoder);
    expect(encoder.prepared.flatMap(idsIn)).toEqual(ids);
    for (const message of encoder.prepared) expect(message.length).toBeLessThanOrEqual(50);
    expect(outbox.isIdle).toBe(true);
  });

  it('marks heads per conversation, and a resync when there are too many', () => {
    const outbox = new Outbox();
    for (const [conversation, seq] of [
      ['g:a', 3],
      ['g:b', 1],
      ['g:a', 2],
    ] as const)
      outbox.mark(conversation, seq, 2);
    expect(framesOf(outbox).map(({ body }) => body?.value)).toEqual([
      { conversation: 'g:a', headSeq: 3 },
      { conversation: 'g:b', headSeq: 1 },
    ]);
    for (const conversation of ['g:a', 'g:b', 'g:c', 'g:d']) outbox.mark(conversation, 1, 2);
    expect(framesOf(outbox).map(({ body }) => body?.type)).toEqual(['resyncNeeded']);
    expect(outbox.hasNotices).toBe(false);
  });
});
