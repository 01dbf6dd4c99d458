import { type Random, seededRandom } from '@parley/kernel';
import { Recorder } from '@parley/testkit';
import type { Actor } from '../world/actor.js';
import { Lookout } from '../world/lookout.js';
import { between, type World } from '../world/world.js';
import { Follower } from './follower.js';
import { PasserBy } from './passer-by.js';
import { Reader } from './reader.js';
import { RoomLoad } from './room-load.js';
import { Talker } from './talker.js';

/** Who talks; everything has a default. */
export interface LoadOptions {
  /** Each has two devices, on different gateways where there are two. */
  readonly users?: number;
  readonly groups?: number;
  readonly seed?: number;
}

/** Everybody who takes part in a load, connected, in their groups and in the room. */
export interface Cast {
  readonly recorder: Recorder;
  readonly random: Random;
  /** Devices of the talkers, then those of passers-by. */
  readonly followers: readonly Follower[];
  /** Users by conversation, those who stay. */
  readonly conversations: ReadonlyMap<string, readonly string[]>;
  /** The group that people come to and go from. */
  readonly busyGroup: string;
  readonly talkers: readonly Talker[];
  readonly passersBy: readonly PasserBy[];
  readonly reader: Reader;
  readonly room: RoomLoad;
  /** Of those who wait for something that goes on. */
  readonly lookout: Lookout;
}

/** Nothing may be given up or left out in a run whose end is compared with history. */
const patientLimits = { reconnectLongestMs: 100, sendRetriesMax: 1_000_000, catchUpMax: 1_000_000 } as const;
const passerByNames = ['passer-by', 'newcomer'] as const;

export async function castFor(world: World, { users: userCount = 4, groups: groupCount = 2, seed = 1 }: LoadOptions): Promise<Cast> {
  const [random, recorder, backEnd] = [seededRandom(seed), new Recorder(), world.backEnd()];
  const users = Array.from({ length: userCount }, (_, index) => world.id(`user${index}`));
  const devices: Actor[] = [];
  for (const user of users) devices.push(...(await world.joinTwice(user, { limits: patientLimits })));
  const passing: Actor[] = [];
  for (const name of passerByNames) passing.push(await world.join(world.id(name), { limits: patientLimits }));
  const followers = [...devices, ...passing].map((actor) => new Follower(actor, recorder));
  const { conversations, owners } = await conversationsOf(world, users, groupCount);
  const [busyGroup = ''] = owners.keys();
  const lookout = new Lookout();
  const onProgress = (): void => lookout.look();
  for (const { client } of devices) client.on('event', onProgress);
  const reader = new Reader({ backEnd, followers: followers.slice(0, devices.length), conversations, recorder, random });
  const room = await RoomLoad.open(world, { actors: devices, random, onProgress });
  conversations.set(room.conversation, users);
  const talkers = followers.slice(0, devices.length).map((follower) => {
    const { user } = follower.actor;
    const own = [...conversations].flatMap(([id, members]) => (members.includes(user) ? [id] : []));
    follower.show(shownBy(follower, own, followers));
    const ownGroups = [...owners].flatMap(([id, owner]) => (owner === user ? [id] : []));
    return new Talker({ follower, conversations: own, ownGroups, recorder, random, onProgress });
  });
  const group = busyGroup.slice(2);
  const passersBy = followers
    .slice(devices.length)
    .map((follower) => new PasserBy({ follower, backEnd, group, recorder, random, onProgress }));
  return { recorder, random, followers, conversations, busyGroup, talkers, passersBy, reader, room, lookout };
}

/** Each user has everything but the room on the screen of one device. */
function shownBy(follower: Follower, conversations: readonly string[], followers: readonly Follower[]): readonly string[] {
  const isFirst = followers.find(({ actor }) => actor.user === follower.actor.user) === follower;
  return isFirst ? conversations.filter((id) => !id.startsWith('r:')) : [];
}

interface Conversations {
  readonly conversations: Map<string, readonly string[]>;
  readonly owners: ReadonlyMap<string, string>;
}

/** Everybody speaks with two others; in each group one of the users is missing. */
async function conversationsOf(world: World, users: readonly string[], groupCount: number): Promise<Conversations> {
  const conversations = new Map<string, readonly string[]>();
  const owners = new Map<string, string>();
  for (const [index, user] of users.entries()) {
    const peer = users[(index + 1) % users.length] ?? user;
    conversations.set(between(user, peer), [user, peer]);
  }
  for (let index = 0; index < groupCount; index++) {
    const group = world.id('group');
    const members = users.filter((_, position) => groupCount === 1 || position !== index);
    await world.backEnd().call('group/createGroup', { group, owner: members[0], members });
    conversations.set(`g:${group}`, members);
    owners.set(`g:${group}`, members[0] ?? '');
  }
  return { conversations, owners };
}
