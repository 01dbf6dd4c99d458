import { describe, expect, it } from '@jest/globals';
import { decodeSliceBytes } from '../limits.js';
import { Turns } from './turns.js';

const loopTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Takes slices of a large response until it has had so many, noting the turn of the loop in which it had each. */
async function take(turns: Turns, slices: number, turnOf: () => number): Promise<readonly number[]> {
  const pace = turns.pace();
  const taken: number[] = [];
  while (taken.length < slices) {
    taken.push(turnOf());
    await pace(decodeSliceBytes);
  }
  return taken;
}

describe('turns of the event loop', () => {
  it('let all large responses together have one slice each, and everything else in between', async () => {
    const turns = new Turns();
    let turn = 0;
    let isDone = false;
    const counting = (async () => {
      for (; !isDone; turn += 1) await loopTurn();
    })();
    const responses = await Promise.all([1, 2, 3].map(() => take(turns, 10, () => turn)));
    isDone = true;
    await counting;
    // The first slices come at once; from then on no turn has two.
    const later = responses.flatMap((taken) => taken.slice(1));
    expect(new Set(later).size).toBe(later.length);
    // In turn: none of them is ever more than one slice ahead.
    for (let slice = 1; slice < 10; slice += 1) {
      const at = responses.map((taken) => taken[slice] ?? 0);
      expect(Math.max(...at) - Math.min(...at)).toBeLessThanOrEqual(3);
    }
  });

  it('do not keep a small response waiting', async () => {
    const turns = new Turns();
    const large = take(turns, 100, () => 0);
    const pace = turns.pace();
    let hasTurned = false;
    setImmediate(() => {
      hasTurned = true;
    });
    for (let part = 0; part < 64; part += 1) await pace(decodeSliceBytes / 64 - 1);
    expect(hasTurned).toBe(false);
    await large;
  });
});
