import { describe, expect, it } from '@jest/globals';
import type { Faults } from './model/model-log.js';
import { Simulation, type SimulationOptions } from './model/simulation.js';
import { verify } from './model/verify.js';

const seeds = process.env['PARLEY_TEST_SOAK'] === 'full' ? 20_000 : 400;

const calm: Faults = { unknown: 0, definite: 0, read: 0 };
const rough: Faults = { unknown: 0.2, definite: 0.1, read: 0.05 };

async function play(options: SimulationOptions): Promise<Simulation> {
  const simulation = new Simulation(options);
  try {
    await simulation.run();
    await verify(simulation);
  } catch (error) {
    throw new Error(`broken with ${JSON.stringify(options)}`, { cause: error });
  }
  return simulation;
}

describe('owners of one partition', () => {
  it('keep every promise whatever fails between them', async () => {
    const seen = { acknowledged: 0, claimed: 0, claimedTwice: 0, snapshots: 0 };
    for (let seed = 1; seed <= seeds; seed++) {
      const faults = seed % 4 === 0 ? calm : rough;
      const simulation = await play({ seed, processes: 1 + (seed % 3), steps: 100, faults, trouble: 0.04 });
      seen.acknowledged += simulation.acknowledged.length;
      seen.claimed += simulation.losses.get('claimed') ?? 0;
      seen.claimedTwice += simulation.losses.get('claimed-twice') ?? 0;
      seen.snapshots += simulation.snapshots;
    }
    // The cases that matter did come up.
    expect(Object.entries(seen).filter(([, count]) => count < seeds / 50)).toEqual([]);
    if (process.argv.includes('--verbose')) console.log(seen);
  }, 600_000);

  it('keep every promise when the owner is killed at any step', async () => {
    for (let killAt = 1; killAt <= 150; killAt++) {
      await play({ seed: 7, processes: 2, steps: 200, faults: rough, trouble: 0, killAt });
    }
  }, 60_000);

  it('lose nothing to each other in calm weather', async () => {
    const simulation = await play({ seed: 1, processes: 1, steps: 1_000, faults: calm, trouble: 0 });
    expect([...simulation.losses]).toEqual([]);
    expect(simulation.acknowledged.length).toBeGreaterThan(50);
  });
});
