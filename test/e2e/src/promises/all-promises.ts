import { afterAll, afterEach, beforeAll } from '@jest/globals';
import type { Deployment } from '@parley/testkit';
import type { Traces } from '../erasure/traces.js';
import { World } from '../world/world.js';
import { describeDurability } from './g1-durability.js';
import { describeMembership } from './g10-membership.js';
import { type Absence, beginAbsence, describeEndOfAbsence, describeRoomMembership } from './g10-rooms.js';
import { describeTenancy } from './g11-tenancy.js';
import { describeEndOfErasure, describeErasure } from './g14-erasure.js';
import { describeReads } from './g1-reads.js';
import { describeOrder } from './g2-order.js';
import { describeSendOrder } from './g3-send-order.js';
import { describeNoDuplicates } from './g4-no-duplicates.js';
import { describeNoSilentGaps } from './g5-no-silent-gaps.js';
import { describeRebuild } from './g5-rebuild.js';
import { describeDefiniteFailure } from './g6-definite-failure.js';
import { describePriority } from './g7-priority.js';
import { describeOffline } from './g8-offline.js';

const startWithinMs = 180_000;

/**
 * Tries every promise on one deployment, which all cases share; each has ids of its own. What takes its time begins before
 * everything else and is looked at in the end. `hasTables`: the deployment has its stores in Cassandra.
 */
export function describePromises(start: () => Promise<Deployment>, { hasTables }: { readonly hasTables: boolean }): void {
  let world: World | undefined;
  let absence: Absence | undefined;
  beforeAll(async () => {
    world = new World(await start());
    absence = await beginAbsence(world);
  }, startWithinMs);
  afterEach(() => world?.closeClients());
  afterAll(async () => {
    await absence?.world.closeClients();
    await world?.[Symbol.asyncDispose]();
  }, startWithinMs);
  const begun = (): Absence => {
    if (absence === undefined) throw new Error('the absence did not begin');
    return absence;
  };
  const started = (): World => {
    if (world === undefined) throw new Error('the deployment did not start');
    return world;
  };
  let erased: Traces | undefined;
  describeErasure(started, (traces) => {
    erased = traces;
  });
  describeDurability(started);
  describeReads(started);
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
  // What is rebuilt is swept anew.
  if (hasTables) describeEndOfErasure(started, () => erased);
  describeRebuild(started);
  describeEndOfAbsence(begun);
}
