import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { sleep, systemClock } from '@parley/kernel';
import { type DeployedPart, startStandalone } from '@parley/testkit';
import { Load, type Progress } from './load/load.js';
import { wideLimits } from './load/wide-limits.js';
import { inWords, reportLine } from './load/report-line.js';
import { soakRounds } from './soak.js';
import { withOutputs } from './world/with-outputs.js';
import { World } from './world/world.js';

jest.setTimeout(600_000);

/** In short on a machine that does other things besides. */
const acceptingWithinMs = soakRounds({ short: 30_000, full: 10_000 });
const triggers = ['sends', 'changes', 'acts', 'deliveries', 'acknowledged', 'passages'] as const satisfies readonly Progress[];
/** How much of it may happen before a process dies; all of it takes about as long. */
const most: Readonly<Record<Progress, number>> = { sends: 450, changes: 150, acts: 60, deliveries: 450, acknowledged: 450, passages: 8 };

describe('standalone under kill -9', () => {
  let world: World;
  let server: DeployedPart;

  beforeAll(async () => {
    world = new World(await startStandalone({ env: wideLimits }));
    const [part] = world.deployment.parts;
    if (part === undefined) throw new Error('no process');
    server = part;
  }, 120_000);
  afterEach(() => world.closeClients());
  afterAll(() => world?.[Symbol.asyncDispose]());

  /** Traffic during `faults`, and a comparison of everything that everybody saw. */
  async function survives(seed: number, faults: (load: Load) => Promise<void>): Promise<void> {
    await withOutputs(world.deployment, async () => {
      using load = await Load.prepare(world, { seed });
      load.start();
      await faults(load);
      const { anomalies, stragglers, ...figures } = await load.settle();
      await world.closeClients();
      reportLine(JSON.stringify(figures));
      expect({ stragglers, anomalies: anomalies.slice(0, 20) }).toEqual({ stragglers: [], anomalies: [] });
      expect(figures.acknowledged + figures.refused).toBe(figures.sends);
    });
  }

  it('loses nothing acknowledged, repeats nothing and keeps every order, whenever it dies', () =>
    survives(11, async (load) => {
      const readyMs: number[] = [];
      const acceptingMs: number[] = [];
      for (let round = 0; round < soakRounds({ short: 4, full: 20 }); round++) {
        // Something that just happened decides about the moment, so that it falls on every phase of the work.
        const trigger = triggers[round % triggers.length] ?? 'sends';
        await load.more(trigger, 1 + Math.floor(load.random.next() * most[trigger]));
        await server.kill();
        const began = systemClock.monotonic();
        await server.start();
        readyMs.push(systemClock.monotonic() - began);
        await load.more('acknowledged', 1);
        acceptingMs.push(systemClock.monotonic() - began);
      }
      reportLine(`after kill -9: ready ${inWords(readyMs)}; accepting ${inWords(acceptingMs)} (start of node included)`);
      expect(Math.max(...acceptingMs)).toBeLessThan(acceptingWithinMs);
    }));

  it('survives being killed again while it starts', () =>
    survives(12, async (load) => {
      for (let round = 0; round < soakRounds({ short: 1, full: 10 }); round++) {
        await load.more('acknowledged', 100);
        await server.kill();
        const starting = server.start().catch(() => {});
        await sleep(systemClock, Math.floor(load.random.next() * 800));
        await server.kill();
        await starting;
        await server.start();
        await load.more('acknowledged', 1);
      }
    }));

  it('ends in order when it is told to, and goes on where it stopped', () =>
    survives(13, async (load) => {
      for (let round = 0; round < soakRounds({ short: 1, full: 5 }); round++) {
        await load.more('acknowledged', 200);
        await server.stop();
        await server.start();
        await load.more('acknowledged', 1);
      }
    }));
});
