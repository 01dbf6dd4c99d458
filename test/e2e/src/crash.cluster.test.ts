import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { sleep, systemClock } from '@parley/kernel';
import { type Cluster, isAlive, startCluster } from '@parley/test-cluster';
import type { DeployedPart } from '@parley/testkit';
import { busiestPart } from './load/busiest-part.js';
import { Load } from './load/load.js';
import { wideLimits } from './load/wide-limits.js';
import { reportLine } from './load/report-line.js';
import { missingEngines } from './missing-engines.js';
import { soakRounds } from './soak.js';
import { withOutputs } from './world/with-outputs.js';
import { World } from './world/world.js';

jest.setTimeout(600_000);

/** G15: after faults stop, everything holds again within this time. */
const recoveredWithinMs = 60_000;
const zombieMs = { shortest: 8_000, longest: 15_000 };

interface Fault {
  /** `room`: whichever process owns the room of the load. */
  readonly part: string;
  readonly how: 'kill' | 'freeze';
}

const kill = (part: string): Fault => ({ part, how: 'kill' });
const freeze = (part: string): Fault => ({ part, how: 'freeze' });

/** In short, one after the other under one load; whose gateway is lost goes to another one, and stays there. */
const inShort = [[kill('router-1'), kill('room'), kill('history-1'), kill('kafka'), kill('gateway-1')], [freeze('room')]];
/** In full, each under a load of its own, three times. */
const inFull = [
  ...inShort.flat(),
  ...[freeze('router-2'), freeze('gateway-2'), freeze('history-1'), freeze('kafka'), freeze('router-1'), kill('router-2')],
].map((fault) => [fault, fault, fault]);

const ordeals = soakRounds({ short: 0, full: 1 }) === 1 ? inFull : inShort;
const inWords = (faults: readonly Fault[]): string => faults.map(({ part, how }) => `${how} ${part}`).join(', ');

(missingEngines().length > 0 ? describe.skip : describe)('a cluster of two gateways, routers and room services under faults', () => {
  let world: World;
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await startCluster({ gateways: 2, routers: 2, rooms: 2, env: wideLimits });
    world = new World(cluster);
  }, 300_000);
  afterEach(() => world.closeClients());
  afterAll(() => world?.[Symbol.asyncDispose](), 60_000);

  it.each(
    ordeals.map((faults, index) => ({ what: inWords(faults), faults, seed: index + 1 })),
  )('loses, repeats and reorders nothing: $what', ({ faults, seed }) => withOutputs(world.deployment, () => survives(faults, seed)));

  it('answers the API of the back end at every service after all that', async () => {
    const doors = Object.values(cluster.healthUrls).map((url) => url.replace('/readyz', '/v1/group/getGroup'));
    const headers = { authorization: `Bearer ${cluster.adminKey}` };
    const errors = await Promise.all(
      doors.map(async (door) => {
        const answer = await fetch(door, { method: 'POST', headers, body: '{"app":"app-one","group":"nobody"}' });
        return ((await answer.json()) as { readonly error: { readonly name: string } }).error.name;
      }),
    );
    expect(errors).toEqual(doors.map(() => 'GROUP_NOT_FOUND'));
  });

  it('stops in good order and leaves no process behind', async () => {
    const pids = cluster.parts.flatMap(({ pid }) => pid ?? []);
    expect(pids).toHaveLength(cluster.parts.length);
    await cluster.stop();
    expect(pids.filter(isAlive)).toEqual([]);
  });

  async function survives(faults: readonly Fault[], seed: number): Promise<void> {
    using load = await Load.prepare(world, { seed });
    load.start();
    for (const { part: name, how } of faults) {
      await load.more('acknowledged', 50 + Math.floor(load.random.next() * 100));
      const part = name === 'room' ? await ownerOfRoom(load) : partOf(name);
      if (name.startsWith('gateway')) moveClients(load, name);
      const { recoveredMs, detail } = how === 'kill' ? await killed(part, load) : await frozen(part, load);
      reportLine(`${part.name} ${how}: everybody is served again after ${Math.round(recoveredMs)} ms${detail}`);
      expect(recoveredMs).toBeLessThan(recoveredWithinMs);
    }
    const { anomalies, stragglers, ...figures } = await load.settle();
    await world.closeClients();
    reportLine(JSON.stringify(figures));
    expect({ stragglers, anomalies: anomalies.slice(0, 20) }).toEqual({ stragglers: [], anomalies: [] });
    expect(figures.acknowledged + figures.refused).toBe(figures.sends);
  }

  function partOf(name: string): DeployedPart {
    const part = cluster.parts.find((each) => each.name === name || each.name.startsWith(`${name}-`));
    if (part === undefined) throw new Error(`there is no ${name}: ${cluster.parts.map((each) => each.name).join(', ')}`);
    return part;
  }

  const ownerOfRoom = (load: Load): Promise<DeployedPart> =>
    busiestPart(cluster, { service: 'room', metric: 'parley_room_commands_total' }, () => load.more('changes', 20));

  /** What a load balancer does: whoever connects anew comes to the gateway that is well. */
  function moveClients(load: Load, name: string): void {
    const well = world.url(name === 'gateway-1' ? 1 : 0);
    for (const { line } of [...load.actors, ...load.guests]) line.moveTo(well);
  }
});

interface Recovery {
  readonly recoveredMs: number;
  readonly detail: string;
}

/** kill -9 and an immediate restart. */
async function killed(part: DeployedPart, load: Load): Promise<Recovery> {
  await part.kill();
  const began = systemClock.monotonic();
  const served = load.roundTrips().then(() => systemClock.monotonic() - began);
  await part.start();
  const readyMs = Math.round(systemClock.monotonic() - began);
  return { recoveredMs: await served, detail: ` (the process was ready after ${readyMs} ms)` };
}

/** Stops answering, without dying, until others may have taken over; then it goes on as if nothing had happened. */
async function frozen(part: DeployedPart, load: Load): Promise<Recovery> {
  const began = systemClock.monotonic();
  const since = (): number => systemClock.monotonic() - began;
  part.freeze();
  const zombieUntilMs = zombieMs.shortest + load.random.next() * (zombieMs.longest - zombieMs.shortest);
  let servedMs: number | undefined;
  const served = load.roundTrips().then(() => {
    servedMs = since();
  });
  await sleep(systemClock, zombieUntilMs);
  const detail = servedMs === undefined ? '; nobody could take over' : ', while it was frozen';
  part.thaw();
  await served;
  // The zombie wakes up in the middle of traffic.
  await load.roundTrips();
  const recoveredMs = servedMs ?? 0;
  return { recoveredMs, detail: `${detail} (frozen for ${Math.round(zombieUntilMs)} ms)` };
}
