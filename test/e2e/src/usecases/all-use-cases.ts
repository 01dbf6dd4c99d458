import { afterAll, beforeAll } from '@jest/globals';
import type { Deployment } from '@parley/testkit';
import { World } from '../world/world.js';
import { describeClassroom } from './classroom.js';
import { describeGame } from './game.js';
import { describeLiveStream } from './live-stream.js';

const startWithinMs = 180_000;

/** Applications as people build them, on one deployment, which all share. `viewers`: of the live stream. */
export function describeUseCases(start: () => Promise<Deployment>, { viewers }: { readonly viewers: number }): void {
  let world: World | undefined;
  beforeAll(async () => {
    world = new World(await start());
  }, startWithinMs);
  afterAll(() => world?.[Symbol.asyncDispose](), startWithinMs);
  const started = (): World => {
    if (world === undefined) throw new Error('the deployment did not start');
    return world;
  };
  describeLiveStream(started, viewers);
  describeGame(started);
  describeClassroom(started);
}
