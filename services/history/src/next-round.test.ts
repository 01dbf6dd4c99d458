import { describe, expect, it } from '@jest/globals';
import { NextRound } from './next-round.js';

describe('the next round', () => {
  it('answers with what began after the wish, and once for all who wait', async () => {
    const ends: ((value: number) => void)[] = [];
    const rounds = new NextRound(() => new Promise<number>((resolve) => ends.push(resolve)));
    const first = rounds.join();
    const waiting = [rounds.join(), rounds.join()];
    expect(ends).toHaveLength(1);
    ends[0]?.(1);
    expect(await first).toBe(1);
    await Promise.resolve();
    expect(ends).toHaveLength(2);
    ends[1]?.(2);
    expect(await Promise.all(waiting)).toEqual([2, 2]);
    const later = rounds.join();
    ends[2]?.(3);
    expect(await later).toBe(3);
  });

  it('goes on after a round that failed, whose failure only its own callers see', async () => {
    let rounds = 0;
    const work = new NextRound(() => (++rounds === 1 ? Promise.reject(new Error('lost')) : Promise.resolve(rounds)));
    const failing = work.join();
    const next = work.join();
    await expect(failing).rejects.toThrow('lost');
    expect(await next).toBe(2);
  });
});
