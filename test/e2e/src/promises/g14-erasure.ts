import { describe, expect, it } from '@jest/globals';
import type { TimelineEvent } from '@parley/sdk';
import { eraseUser } from '../erasure/erase.js';
import { exportOf, readEverything } from '../erasure/read-everything.js';
import { searchTables } from '../erasure/search-tables.js';
import { exportedPlaces, leaveTraces, passedPlaces, type Traces } from '../erasure/traces.js';
import type { Actor } from '../world/actor.js';
import { eventually } from '../world/eventually.js';
import { between, type World } from '../world/world.js';

/** G14: after a user is erased, nobody reads anything of theirs. */
export function describeErasure(world: () => World, isErased: (traces: Traces) => void): void {
  describe('G14 erasure', () => {
    it('exports what is a user’s, and after the user is erased shows nobody any of it, wherever it was left', async () => {
      const traces = await leaveTraces(world());
      const { canaries, eve } = traces;
      const before = await exportedOf(world(), traces);
      expect(exportedPlaces.filter((place) => !before.includes(place))).toEqual([]);
      for (const place of passedPlaces) expect(before).not.toContain(place);
      const seen = await readEverything(world(), traces);
      expect(seen.length).toBeGreaterThan(exportedPlaces.length);
      expect(seen.filter((line) => line.startsWith('history/searchMessages')).length).toBeGreaterThan(1);
      for (const url of traces.urls) expect((await fetch(url)).status).toBe(200);
      const { cassandra } = world().deployment;
      if (cassandra !== undefined) expect((await searchTables(cassandra, canaries)).length).toBeGreaterThan(0);

      await eraseUser(world(), eve);
      expect(canaries.foundIn(await exportOf(world().backEnd(), eve))).toEqual([]);
      expect(await readEverything(world(), traces)).toEqual([]);
      for (const url of traces.urls) expect((await fetch(url)).status).toBe(404);
      expect(await readByDevices(world(), traces)).toEqual([]);
      isErased(traces);
    }, 120_000);

    it('leaves what others have said, and lets somebody new of that id begin with nothing', async () => {
      const [eve, bob] = world().ids('eve', 'bob');
      const [first, other] = [await world().join(eve), await world().join(bob)];
      const conversation = between(eve, bob);
      await first.send(conversation, 'mine');
      await other.send(conversation, 'yours');
      await first.sees(conversation, 'yours');
      await eraseUser(world(), eve);
      await first.until('the end of the session', () => first.kicked);
      const second = await world().join(eve);
      await second.send(conversation, 'mine, too');
      await other.sees(conversation, 'mine, too');
      const shownTo = async (actor: Actor): Promise<readonly string[]> => {
        const { events } = await actor.client.conversation(conversation).history({ backwards: false });
        return events.map(inWords);
      };
      expect(await shownTo(other)).toEqual([`hidden by ${eve}`, 'yours', `erased ${eve}`, 'mine, too']);
      expect(await shownTo(second)).toEqual(['mine, too']);
    });
  });
}

/** What takes its time in clusters, so that other promises can be tried meanwhile. */
export function describeEndOfErasure(world: () => World, erased: () => Traces | undefined): void {
  describe('G14 erasure, once the sweeps of history have been there', () => {
    it('leaves no word of the user in any table', async () => {
      const { cassandra } = world().deployment;
      const traces = erased();
      if (cassandra === undefined || traces === undefined) throw new Error('nobody was erased, or there are no tables');
      let found: readonly string[] = [];
      const isForgotten = eventually('the end of the sweep', async () => {
        found = await searchTables(cassandra, traces.canaries);
        return found.length === 0 ? true : undefined;
      });
      await isForgotten.catch(() => {});
      expect(found).toEqual([]);
    });
  });
}

/** What is in a user's own export, once history has come so far that the last of it is. */
async function exportedOf(world: World, { canaries, eve }: Traces): Promise<readonly string[]> {
  let found: readonly string[] = [];
  const isWhole = eventually('the last message in the export', async () => {
    found = canaries.foundIn(await exportOf(world.backEnd(), eve));
    return exportedPlaces.every((place) => found.includes(place)) ? true : undefined;
  });
  await isWhole.catch(() => {});
  return found;
}

/** `<who>: <place>` for every word that a device which logs in anew is told, or finds. */
async function readByDevices(world: World, { eve, bob, carol, conversations, canaries }: Traces): Promise<readonly string[]> {
  const found: string[] = [];
  for (const user of [eve, bob.user, carol.user]) {
    const actor = await world.join(user);
    const told: unknown[] = [...actor.events, ...(await listsOf(actor))];
    for (const conversation of conversations) told.push(...(await exportedBy(actor, conversation)));
    for (const place of canaries.foundIn(JSON.stringify(told))) found.push(`${user}: ${place}`);
  }
  return found;
}

async function listsOf({ client }: Actor): Promise<readonly unknown[]> {
  const { people } = client;
  return [
    await client.queryConversations({ withHidden: true }),
    await people.me(),
    ...(await Promise.all([people.friends(), people.blocked(), people.requests()])).map(({ relations }) =>
      relations.map((relation) => ({ ...relation, attributes: [...relation.attributes] })),
    ),
  ];
}

/** Nothing of what the user may not see at all. */
async function exportedBy({ client }: Actor, conversation: string): Promise<readonly unknown[]> {
  const exported: unknown[] = [];
  try {
    for await (const event of client.conversation(conversation).export()) exported.push(event);
  } catch {
    return [];
  }
  return exported;
}

function inWords(event: TimelineEvent): string {
  if (event.type === 'message') return event.content.type === 'text' ? event.content.text : event.content.type;
  if (event.type === 'hidden') return `hidden by ${event.sender}`;
  return event.type === 'userErased' ? `erased ${event.user}` : event.type;
}
