import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { temporaryFolder } from '@parley/engines';
import { type DeployedPart, startStandalone } from '@parley/testkit';
import { eventually } from '../world/eventually.js';
import { World } from '../world/world.js';
import { stillLife } from './g5-rebuild.js';
import { takePrint } from './history-print.js';

jest.setTimeout(60_000);

describe('G5 a history whose folder was lost', () => {
  const dataDir = temporaryFolder('rebuild');
  let world: World;
  let server: DeployedPart;

  beforeAll(async () => {
    world = new World(await startStandalone({ dataDir }));
    const [part] = world.deployment.parts;
    if (part === undefined) throw new Error('no process');
    server = part;
  });
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
    await rm(dataDir, { recursive: true, force: true });
  });

  it.each(['ends in order', 'is killed'] as const)('is what it was when the server starts again; the one before %s', async (how) => {
    const backEnd = world.backEnd();
    const still = await stillLife(world);
    const before = await takePrint(backEnd, still);
    if (how === 'is killed') await server.kill();
    else await server.stop();
    await rm(join(dataDir, 'history'), { recursive: true });
    await server.start();
    expect(await eventually('the history of before', () => takePrint(backEnd, still))).toEqual(before);
  });
});
