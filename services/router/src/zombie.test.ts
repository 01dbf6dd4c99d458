import { describe, expect, it } from '@jest/globals';
import { topics } from '@parley/contracts/topics';
import { seededRandom, systemClock } from '@parley/kernel';
import { claimPartition, startOfLog } from '@parley/ownedlog';
import { RouterFixture } from './testing/router-fixture.js';

describe('a router that was frozen', () => {
  it('claims again what a successor took and gave back meanwhile, though it has nothing to append', async () => {
    await using routers = await RouterFixture.open();
    routers.startRouter('a');
    await routers.subscribe('user:ann');
    const deps = { log: routers.log, clock: systemClock, random: seededRandom(2) };
    const { signal } = new AbortController();
    const claim = { topic: topics.timeline, partition: 0, from: startOfLog, signal, onRecord: () => {} };
    const successor = await claimPartition(deps, claim);
    await routers.directory.publish({ service: 'router', partition: 0, fence: successor.fence, address: 'b', peer: 'b' });
    successor.release();
    await routers.subscribe('user:bob');
    expect(routers.directory.ownerOf('router', 0)).toMatchObject({ address: 'a' });
  });
});
