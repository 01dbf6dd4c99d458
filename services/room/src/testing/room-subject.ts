import type { AggregateHostDeps } from '@parley/aggregates';
import { type AggregateSubject, type SubjectService, TestCluster, testApp } from '@parley/aggregates/contract';
import { RoomService as RoomContract } from '@parley/contracts/room';
import { topics } from '@parley/contracts/topics';
import { ParleyError, partitionOf, systemClock } from '@parley/kernel';
import { createInProcessRpc, createRoutedClient, type OwnerDirectory, type ServiceClient } from '@parley/rpc';
import type { PresencePort } from '../ports.js';
import { createRoomService } from '../service.js';

export type RoomClient = ServiceClient<typeof RoomContract>;

interface RoomSubject extends SubjectService {
  readonly client: RoomClient;
}

/** Everybody is connected, but those who are named; `failure` is thrown where it is set. */
export class FakePresence implements PresencePort {
  readonly offline = new Set<string>();
  /** What was asked, in order. */
  readonly questions: (readonly string[])[] = [];
  failure: Error | undefined;

  async online(_app: string, users: readonly string[]): Promise<ReadonlySet<string>> {
    this.questions.push(users);
    if (this.failure !== undefined) throw this.failure;
    return new Set(users.filter((user) => !this.offline.has(user)));
  }
}

/** One way of calling for all instances of a cluster, so that they find each other. */
const rpcs = new WeakMap<OwnerDirectory, ReturnType<typeof createInProcessRpc>>();

function createSubject(deps: AggregateHostDeps, presence: PresencePort): RoomSubject {
  const { directory, random, partitions, address } = deps;
  const rpc = rpcs.get(directory) ?? createInProcessRpc();
  rpcs.set(directory, rpc);
  const routed = { service: RoomContract, serviceName: 'room', dialer: rpc.dialer, directory, clock: systemClock, random };
  const owners = createRoutedClient({
    ...routed,
    partitionOf: (request) => ('partition' in request ? (request.partition ?? 0) : partitionOf(testApp, '', partitions)),
  });
  const service = createRoomService({ ...deps, presence, owners });
  rpc.server(address).serve(RoomContract, service.handlers);
  const client = rpc.dialer.client(RoomContract, address);
  return {
    client,
    run: (signal) => service.run(signal),
    make: async (room, creator) => {
      const created = await client.createRoom({ app: testApp, room, creator, memberLimit: 20_000 });
      return created.room?.version ?? 0;
    },
    enter: async (room, users) => {
      const answers = await Promise.all(users.map((user) => client.enterRoom({ app: testApp, room, user, mustExist: true })));
      return answers.at(-1)?.room?.version ?? 0;
    },
    leave: async (room, user) => {
      await client.leaveRoom({ app: testApp, room, user });
    },
    list: (room, page, limit) => client.listMembers({ app: testApp, room, page, limit }),
  };
}

/** Rooms for the suite of all aggregates and for tests of their own. */
export const roomSubject = (presence: PresencePort = new FakePresence()): AggregateSubject => ({
  topic: topics.roomEvents,
  conversationOf: (id) => `r:${id}`,
  create: (deps) => createSubject(deps, presence),
});

/** A running room service with everything around it faked. */
export class RoomFixture implements AsyncDisposable {
  readonly presence: FakePresence;
  readonly cluster: TestCluster;
  rooms: RoomClient;
  /** Stops the instance that answers now. */
  stop: () => Promise<void>;

  private constructor(presence: FakePresence, cluster: TestCluster, node: RunningNode) {
    this.presence = presence;
    this.cluster = cluster;
    this.rooms = node.rooms;
    this.stop = node.stop;
  }

  static async open(options: Partial<AggregateHostDeps> = {}): Promise<RoomFixture> {
    const presence = new FakePresence();
    const cluster = await TestCluster.open(roomSubject(presence));
    return new RoomFixture(presence, cluster, await startNode(cluster, 'a', options));
  }

  /** Another instance claims everything; the former one is still at work. */
  async takeOver(peer: string): Promise<void> {
    const node = await startNode(this.cluster, peer);
    this.rooms = node.rooms;
    this.stop = node.stop;
  }

  /** Moves the clock in small steps, so that what follows from one timer is done before the next. */
  async pass(ms: number, stepMs = 10): Promise<void> {
    for (let at = 0; at < ms; at += stepMs) {
      this.cluster.clock.advance(Math.min(stepMs, ms - at));
      await turns(3);
    }
  }

  /** What the routers know of a room. */
  known(room: string) {
    return this.cluster.router.conversation(testApp, `r:${room}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.cluster[Symbol.asyncDispose]();
  }
}

interface RunningNode {
  readonly rooms: RoomClient;
  readonly stop: () => Promise<void>;
}

async function startNode(cluster: TestCluster, peer: string, options: Partial<AggregateHostDeps> = {}): Promise<RunningNode> {
  const { service, stop } = await cluster.start(peer, options);
  return { rooms: (service as RoomSubject).client, stop };
}

/** Lets everything run that waits for nothing but its turn. */
export const turns = async (count = 20): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise<void>((resolve) => setImmediate(resolve));
};

/** The error and its detail; `none` when there was none. */
export async function errorOf(call: Promise<unknown>): Promise<readonly [string, string]> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => ParleyError.from(thrown),
  );
  return [error?.error ?? 'none', error?.detail ?? ''];
}
