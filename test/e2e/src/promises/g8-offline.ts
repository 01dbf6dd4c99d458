import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '@parley/kernel';
import { type LocalStore, memoryStore } from '@parley/sdk';
import { DeviceView } from '../world/device-view.js';
import { expectAlike, ServerView } from '../world/server-view.js';
import { soakRounds } from '../soak.js';
import { between, type World } from '../world/world.js';
import { type Person, Traffic } from './g8-traffic.js';

const seeds = soakRounds({ short: 1, full: 10 });
const rounds = soakRounds({ short: 5, full: 60 });
const deedsPerRound = 40;

/** G8: after a sync the client has what the server has for the user, whatever happened while it was away. */
export function describeOffline(world: () => World): void {
  describe('G8 offline', () => {
    for (let seed = 1; seed <= seeds; seed++) {
      it(`shows on every device what the server has, after ${rounds} absences of some of them (seed ${seed})`, async () => {
        await liveThrough(world(), seed);
      }, 3_600_000);
    }
  });
}

async function liveThrough(world: World, seed: number): Promise<void> {
  const random = seededRandom(seed);
  const backEnd = world.backEnd();
  const { people, kept } = await gather(world);
  const [ann = '', bob = '', cid = ''] = people.map(({ user }) => user);
  const pairs = [between(ann, bob), between(bob, cid)];
  const groups = [await openGroup(people, {}), await openGroup(people, { historyAccess: 'from-start' })];
  const traffic = new Traffic({ random, backEnd, people, pairs, groups });
  const views = people.flatMap(({ devices }) => devices);
  for (let round = 0; round < rounds; round++) {
    const away = new Set(views.filter(() => random.next() < 0.35));
    const returns = [...away].map((view) => (random.next() < 0.5 ? leave(view) : switchOff(world, view, kept.get(view))));
    await traffic.round(deedsPerRound, (view) => away.has(view));
    await Promise.all(returns.map((comeBack) => comeBack()));
  }
  // Who has left comes back: what was done meanwhile to what they have seen is seen now.
  const conversations = [...pairs, ...groups];
  for (const group of groups) await backEnd.invite(group.slice(2), bob, cid);
  const ends = new Map<string, number>();
  for (const conversation of conversations) ends.set(conversation, await backEnd.say(conversation, 'the end'));
  const server = new ServerView(backEnd);
  for (const view of views) {
    const own = conversations.filter((id) => !id.startsWith('u:') || id.slice(2).split('|').includes(view.actor.user));
    for (const conversation of own) await expectSame(view, server, { conversation, seq: ends.get(conversation) ?? 0 });
    await expectAlike(
      `the list on ${view.actor.device} of ${view.actor.user}`,
      () => view.list,
      () => server.listOf(view.actor.user),
    );
  }
  expect([...traffic.counts.keys()].filter((name) => !name.includes(':')).length).toBeGreaterThan(15);
}

/** What a device keeps while it is off. */
type Kept = ReadonlyMap<DeviceView, LocalStore>;

/** Three people with two devices each, of which one keeps what it has seen, and the other one only where it stopped. */
async function gather(world: World): Promise<{ readonly people: readonly Person[]; readonly kept: Kept }> {
  const people: Person[] = [];
  const kept = new Map<DeviceView, LocalStore>();
  // In short runs on a cluster all devices keep only where they stopped: what a store brings back is tried on one server.
  const keepsStores = world.deployment.kind === 'standalone' || soakRounds({ short: 0, full: 1 }) === 1;
  for (const user of world.ids('ann', 'bob', 'cid')) {
    const localStore = memoryStore();
    const forgetful = new DeviceView(world.device(user, { gateway: 0 }));
    const keeping = new DeviceView(world.device(user, { gateway: 1, ...(keepsStores && { localStore }) }));
    if (keepsStores) kept.set(keeping, localStore);
    const devices = [forgetful, keeping];
    for (const { actor } of devices) await actor.start();
    people.push({ user, devices });
  }
  return { people, kept };
}

async function openGroup([owner, ...others]: readonly Person[], options: { readonly historyAccess?: 'from-start' }): Promise<string> {
  const members = others.map(({ user }) => user);
  const { group } =
    (await owner?.devices[0]?.actor.client.createGroup({ members, options: { ...options, isPinningByMembers: true } })) ?? {};
  return `g:${group ?? ''}`;
}

/** Hears nothing for a while. */
function leave(view: DeviceView): () => Promise<void> {
  const { actor } = view;
  actor.line.deafen();
  return async () => {
    actor.line.heal();
    await actor.reconnect();
  };
}

/** Switched off; when it is on again another client goes on where this one stopped, with what it has kept. */
function switchOff(world: World, view: DeviceView, localStore: LocalStore | undefined): () => Promise<void> {
  const { client, user, device } = view.actor;
  const { position } = client;
  client.close();
  return async () => {
    const actor = world.device(user, { device, ...(localStore === undefined ? { position } : { localStore }) });
    view.follow(actor);
    await actor.start();
  };
}

async function expectSame(
  view: DeviceView,
  server: ServerView,
  end: { readonly conversation: string; readonly seq: number },
): Promise<void> {
  const { conversation, seq } = end;
  const { actor } = view;
  await actor.reaches(conversation, seq);
  const what = `${conversation} on ${actor.device} of ${actor.user}`;
  await expectAlike(
    what,
    () => view.allIn(conversation),
    () => server.messagesFor(actor.user, conversation, seq),
  );
  await expectAlike(
    `pins of ${what}`,
    () => view.pinsIn(conversation),
    () => server.pinsOf(actor.user, conversation),
  );
}
