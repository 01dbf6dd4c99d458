import { afterAll, afterEach, beforeAll } from '@jest/globals';
import type { Deployment } from '@parley/testkit';
import { World } from '../world/world.js';
import { describeDurability } from './g1-durability.js';
import { describeMembership } from './g10-membership.js';
import { describeRoomMembership } from './g10-rooms.js';
import { describeTenancy } from './g11-tenancy.js';
import { describeErasure } from './g14-erasure.js';
import { describeOrder } from './g2-order.js';
import { describeSendOrder } from './g3-send-order.js';
import { describeNoDuplicates } from './g4-no-duplicates.js';
import { describeNoSilentGaps } from './g5-no-silent-gaps.js';
import { describeRebuild } from './g5-rebuild.js';
import { describeDefiniteFailure } from './g6-definite-failure.js';
import { describePriority } from './g7-priority.js';
import { describeOffline } from './g8-offline.js';

const startWithinMs = 180_000;

/** Tries every promise on one deployment, which all cases share; each has ids of its own. */
export function describePromises(start: () => Promise<Deployment>): void {
  let world: World | undefined;
  beforeAll(async () => {
    world = new World(await start());
  }, startWithinMs);
  afterEach(() => world?.closeClients());
  afterAll(() => world?.[Symbol.asyncDispose](), startWithinMs);
  const started = (): World => {
    if (world === undefined) throw new Error('the deployment did not start');
    return world;
  };
  describeDurability(started);
  describeOrder(started);
  describeSendOrder(started);
  describeNoDuplicates(started);
  describeNoSilentGaps(started);
  describeDefiniteFailure(started);
  describePriority(started);
  describeOffline(started);
  describeMembership(started);
  describeRoomMembership(started);
  describeTenancy(started);
  describeErasure(started);
  describeRebuild(started);
}
