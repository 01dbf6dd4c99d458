import { afterAll, beforeAll } from '@jest/globals';
import type { Deployment } from '@parley/testkit';
import { World } from '../world/world.js';
import { describeClassroom } from './classroom.js';
import { describeCollaboration } from './collaboration.js';
import { describeConsulting } from './consulting.js';
import { describeGame } from './game.js';
import { describeEndOfLiveStream, describeLiveStream } from './live-stream.js';
import { describeShopping } from './shopping.js';
import { Show } from './show.js';
import { describeSocial } from './social.js';

export interface UseCaseSizes {
  /** Of the live stream. */
  readonly viewers: number;
  /** Of the game. */
  readonly matches: number;
  /** Of the case that is brought to the consultants. */
  readonly caseMessages: number;
  /** Of the file that the team shares. */
  readonly fileBytes: number;
}

const startWithinMs = 240_000;

/** Applications as people build them, on one deployment, which all share. */
export function describeUseCases(start: () => Promise<Deployment>, { viewers, matches, caseMessages, fileBytes }: UseCaseSizes): void {
  let world: World | undefined;
  let show: Show | undefined;
  beforeAll(async () => {
    world = new World(await start());
    show = await Show.open(world, viewers);
  }, startWithinMs);
  afterAll(async () => {
    await show?.[Symbol.asyncDispose]();
    await world?.[Symbol.asyncDispose]();
  }, startWithinMs);
  const started = (): World => {
    if (world === undefined) throw new Error('the deployment did not start');
    return world;
  };
  const opened = (): Show => {
    if (show === undefined) throw new Error('the show did not open');
    return show;
  };
  describeLiveStream(started, opened);
  describeGame(started, matches);
  describeClassroom(started);
  describeShopping(started);
  describeSocial(started);
  describeConsulting(started, caseMessages);
  describeCollaboration(started, fileBytes);
  describeEndOfLiveStream(started, opened);
}
