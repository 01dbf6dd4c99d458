import { describe, expect, it } from '@jest/globals';
import { errorTable, refusal } from '@parley/kernel';
import { decodeServerFrames } from '@parley/wire';
import fc from 'fast-check';
import { CachedRefusal } from './cached-refusal.js';
import { chunkOf } from './chunk.js';
import { errorFrame } from './frames.js';

describe('CachedRefusal', () => {
  const cached = new CachedRefusal('RATE_LIMITED', 'room: LOW messages');

  it('is the frame that encoding it anew would give', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 0, max: 100 }), (id, tens) => {
        const anew = chunkOf(errorFrame(id, refusal('RATE_LIMITED', 'room: LOW messages', tens * 10)));
        expect(Buffer.from(cached.chunk(id, tens * 10).bytes)).toEqual(Buffer.from(anew.bytes));
      }),
    );
  });

  it('stays right when the frame is so long that its length takes two bytes', () => {
    const detail = 'x'.repeat(300);
    const { frames } = decodeServerFrames(new CachedRefusal('OVERLOADED', detail).chunk(5, 40).bytes);
    expect(frames).toMatchObject([{ id: 5, body: { type: 'error', value: { code: errorTable.OVERLOADED.code, retryAfterMs: 40 } } }]);
  });

  it.each([
    [0, 0],
    [1, 10],
    [999, 1_000],
    [1_001, 1_100],
    [9_950, 10_000],
    [3_600_000, 10_000],
  ])('tells to wait %i ms as %i ms', (ms, told) => {
    const { frames } = decodeServerFrames(cached.chunk(1, ms).bytes);
    expect(frames).toMatchObject([{ body: { value: { retryAfterMs: told } } }]);
  });
});
