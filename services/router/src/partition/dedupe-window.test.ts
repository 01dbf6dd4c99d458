import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DedupeWindow, type PriorSend, sendKey } from './dedupe-window.js';

const send = (seq: number, timeMs: number): PriorSend => ({ seq, timeMs, messageId: `id-${seq}`, bodyHash: seq * 7 });

describe('DedupeWindow', () => {
  it('finds what was added, and nothing else', () => {
    const window = new DedupeWindow({ windowMs: 1_000, entriesMax: 10 });
    window.add(sendKey('app/u:a|b', 'a', 'x'), send(1, 5));
    expect(window.find(sendKey('app/u:a|b', 'a', 'x'))).toEqual(send(1, 5));
    for (const other of [
      sendKey('app/u:a|b', 'b', 'x'),
      sendKey('app/u:a|c', 'a', 'x'),
      sendKey('app/u:a|', 'ba', 'x'),
      sendKey('app/u:a|b', 'ax', ''),
    ]) {
      expect(window.find(other)).toBeUndefined();
    }
  });

  it('behaves like a map of the last sends, over growth, expiry and its bound', () => {
    const steps = fc.array(fc.record({ id: fc.integer({ min: 0, max: 5_000 }), gapMs: fc.integer({ min: 0, max: 3 }) }), {
      maxLength: 4_000,
    });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 3_000 }), (added, entriesMax) => {
        const windowMs = 1_500;
        const window = new DedupeWindow({ windowMs, entriesMax });
        let expected: { id: number; prior: PriorSend }[] = [];
        let nowMs = 0;
        for (const [index, { id, gapMs }] of added.entries()) {
          nowMs += gapMs;
          const known = expected.some((each) => each.id === id);
          if (known) continue;
          window.add(sendKey('app/g:x', 'ann', String(id)), send(index, nowMs));
          expected.push({ id, prior: send(index, nowMs) });
          expected = expected.filter(({ prior }) => prior.timeMs >= nowMs - windowMs).slice(-entriesMax);
        }
        expect(window.size).toBe(expected.length);
        const byId = new Map(expected.map(({ id, prior }) => [id, prior]));
        for (let id = 0; id <= 5_000; id += 37) expect(window.find(sendKey('app/g:x', 'ann', String(id)))).toEqual(byId.get(id));
      }),
      { numRuns: 30 },
    );
  });
});
