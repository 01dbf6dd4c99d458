import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { sleep, systemClock } from '@parley/kernel';
import { type DeployedPart, startStandalone } from '@parley/testkit';
import { Load } from './load/load.js';
import { inWords, reportLine } from './load/report-line.js';
import { soakRounds } from './soak.js';
import { World } from './world/world.js';

jest.setTimeout(600_000);

const acceptingWithinMs = 10_000;

describe('standalone under kill -9', () => {
  let world: World | undefined;
  afterEach(() => world?.[Symbol.asyncDispose]());

  async function prepare(seed: number): Promise<{ readonly load: Load; readonly server: DeployedPart }> {
    world = new World(await startStandalone());
    const [server] = world.deployment.parts;
    if (server === undefined) throw new Error('no process');
    return { load: await Load.prepare(world, { seed }), server };
  }

  it('loses nothing acknowledged, repeats nothing and keeps every order, whenever it dies', async () => {
    const { load, server } = await prepare(11);
    const readyMs: number[] = [];
    const acceptingMs: number[] = [];
    load.start();
    for (let round = 0; round < soakRounds({ short: 4, full: 20 }); round++) {
      // Something that just happened decides about the moment, so that it falls on every phase of the work.
      const trigger = (['sends', 'acknowledged', 'deliveries'] as const)[round % 3] ?? 'sends';
      await load.more(trigger, 50 + Math.floor(load.random.next() * 400));
      await server.kill();
      const began = systemClock.monotonic();
      await server.start();
      readyMs.push(systemClock.monotonic() - began);
      await load.more('acknowledged', 1);
      acceptingMs.push(systemClock.monotonic() - began);
    }
    const { anomalies, stragglers, ...figures } = await load.settle();
    reportLine(`after kill -9: ready ${inWords(readyMs)}; accepting ${inWords(acceptingMs)} (start of node included)`);
    reportLine(JSON.stringify(figures));
    expect(stragglers).toEqual([]);
    expect(anomalies.slice(0, 20)).toEqual([]);
    expect(figures.acknowledged).toBe(figures.sends);
    expect(Math.max(...acceptingMs)).toBeLessThan(acceptingWithinMs);
  });

  it('survives being killed again while it starts', async () => {
    const { load, server } = await prepare(12);
    load.start();
    for (let round = 0; round < soakRounds({ short: 2, full: 10 }); round++) {
      await load.more('acknowledged', 100);
      await server.kill();
      const starting = server.start().catch(() => {});
      await sleep(systemClock, Math.floor(load.random.next() * 800));
      await server.kill();
      await starting;
      await server.start();
      await load.more('acknowledged', 1);
    }
    const { anomalies, stragglers, ...figures } = await load.settle();
    reportLine(JSON.stringify(figures));
    expect(stragglers).toEqual([]);
    expect(anomalies.slice(0, 20)).toEqual([]);
    expect(figures.acknowledged).toBe(figures.sends);
  });

  it('ends in order when it is told to, and goes on where it stopped', async () => {
    const { load, server } = await prepare(13);
    load.start();
    for (let round = 0; round < soakRounds({ short: 1, full: 5 }); round++) {
      await load.more('acknowledged', 200);
      await server.stop();
      await server.start();
      await load.more('acknowledged', 1);
    }
    const { anomalies, stragglers, ...figures } = await load.settle();
    reportLine(JSON.stringify(figures));
    expect(stragglers).toEqual([]);
    expect(anomalies.slice(0, 20)).toEqual([]);
    expect(figures.acknowledged).toBe(figures.sends);
  });
});
