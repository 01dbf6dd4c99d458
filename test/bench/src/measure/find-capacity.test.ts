import { describe, expect, it } from '@jest/globals';
import { findCapacity } from './find-capacity.js';

const server = (capacity: number, stumblesAt: readonly number[] = []) => {
  const asked: number[] = [];
  const holds = async (rate: number): Promise<boolean> => {
    asked.push(rate);
    const isStumble = stumblesAt.includes(rate) && asked.filter((each) => each === rate).length === 1;
    return rate <= capacity && !isStumble;
  };
  return { asked, holds };
};

describe('the search for what a server holds', () => {
  it('ends closely below the capacity', async () => {
    for (const capacity of [130, 999, 4_321, 11_000]) {
      const { holds } = server(capacity);
      const found = await findCapacity({ holds, from: 100, to: 12_000 });
      expect(found).toBeLessThanOrEqual(capacity);
      expect(found).toBeGreaterThan(capacity * 0.8);
    }
  });

  it('asks again before it believes that a rate is too much', async () => {
    const { holds, asked } = server(1_000, [100, 160]);
    expect(await findCapacity({ holds, from: 100, to: 12_000 })).toBeGreaterThan(800);
    expect(asked.filter((rate) => rate === 160)).toHaveLength(2);
  });

  it('never offers more than the generator can, and finds nothing where nothing holds', async () => {
    const { holds, asked } = server(Number.POSITIVE_INFINITY);
    expect(await findCapacity({ holds, from: 100, to: 500 })).toBeGreaterThan(400);
    expect(Math.max(...asked)).toBeLessThanOrEqual(500);
    expect(await findCapacity({ holds: server(10).holds, from: 100, to: 500 })).toBeNaN();
  });
});
