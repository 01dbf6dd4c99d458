import { topics } from '@parley/contracts/topics';
import { createMemoryLog, type EventLog, type JoinOptions } from '@parley/eventlog';
import { seededRandom } from '@parley/kernel';
import { createMemoryDirectory } from '@parley/rpc';
import { silentTelemetry } from '@parley/telemetry';
import type { AggregateHostDeps } from '../ports.js';
import { FakeRouter } from './fake-router.js';
import { ManualClock } from './manual-clock.js';

/** A service under test, in words that fit groups and rooms. */
export interface SubjectService {
  run(signal: AbortSignal): Promise<void>;
  /** Makes a group or room with its first member; answers its version. */
  make(id: string, first: string): Promise<number>;
  /** Lets users in, all of them by as many calls as it takes; answers the version. */
  enter(id: string, users: readonly string[]): Promise<number>;
  leave(id: string, user: string): Promise<void>;
  /** One page of members. */
  list(
    id: string,
    page: string,
    limit: number,
  ): Promise<{ readonly users: readonly string[]; readonly nextPage: string; readonly memberCount: number }>;
}

export interface AggregateSubject {
  readonly topic: string;
  readonly conversationOf: (id: string) => string;
  readonly create: (deps: AggregateHostDeps) => SubjectService;
}

/** The app of all tests. */
export const testApp = 'app';
const partitions = 4;

export interface TestNode {
  readonly service: SubjectService;
  /** All users of a group or room. */
  members(id: string): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** One log, directory and router for any number of instances of a service. */
export class TestCluster implements AsyncDisposable {
  readonly clock = new ManualClock(1_700_000_000_000);
  readonly log = createMemoryLog({ clock: this.clock });
  readonly router = new FakeRouter();
  readonly #directory = createMemoryDirectory();
  readonly #subject: AggregateSubject;
  readonly #nodes: TestNode[] = [];

  constructor(subject: AggregateSubject) {
    this.#subject = subject;
  }

  static async open(subject: AggregateSubject): Promise<TestCluster> {
    const cluster = new TestCluster(subject);
    await cluster.log.createTopics([
      { name: subject.topic, partitions, kind: 'log' },
      { name: topics.snapshots, partitions: 1, kind: 'compacted' },
    ]);
    return cluster;
  }

  /** Starts an instance that claims every partition, whoever owns it; resolves when it does. */
  async start(peer: string, options: Partial<AggregateHostDeps> = {}): Promise<TestNode> {
    const ending = new AbortController();
    const owned = this.#ownsAll(peer);
    const service = this.#subject.create({
      log: pinned(this.log),
      clock: this.clock,
      random: seededRandom(peer.length + this.#nodes.length),
      telemetry: silentTelemetry,
      directory: this.#directory,
      partitions,
      address: `${peer}:1`,
      peer,
      connectRouter: this.router.connect(peer),
      ...options,
    });
    const running = service.run(ending.signal);
    await Promise.race([owned, running]);
    const node: TestNode = {
      service,
      members: (id) => allMembers(service, id),
      stop: () => {
        ending.abort();
        return running;
      },
    };
    this.#nodes.push(node);
    return node;
  }

  /** Records of all partitions of the subject's topic. */
  async records(): Promise<number> {
    return (await this.log.ranges(this.#subject.topic)).reduce((sum, { start, end }) => sum + end - start, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.stop()));
    await this.log[Symbol.asyncDispose]();
  }

  #ownsAll(peer: string): Promise<void> {
    return new Promise((resolve) => {
      const owned = new Set<number>();
      const stop = this.#directory.onChange((owner) => {
        if (owner.peer === peer) owned.add(owner.partition);
        if (owned.size < partitions) return;
        stop();
        resolve();
      });
    });
  }
}

/** Who reads pages to the end. */
export async function allMembers(service: SubjectService, id: string): Promise<readonly string[]> {
  const users: string[] = [];
  for (let page = ''; ; ) {
    const answer = await service.list(id, page, 100);
    users.push(...answer.users);
    if (answer.nextPage === '') return users;
    page = answer.nextPage;
  }
}

/** The log, except that every member of a group gets all partitions for ever: so two owners meet. */
export function pinned(log: EventLog): EventLog {
  return {
    createTopics: (specs) => log.createTopics(specs),
    append: (topic, partition, records) => log.append(topic, partition, records),
    read: (topic, partition, from, options) => log.read(topic, partition, from, options),
    follow: (topic, partition, options) => log.follow(topic, partition, options),
    range: (topic, partition) => log.range(topic, partition),
    ranges: (topic) => log.ranges(topic),
    trim: (topic, partition, before) => log.trim(topic, partition, before),
    scrub: () => log.scrub(),
    join: ({ onAssigned, signal }: JoinOptions) =>
      new Promise((resolve) => {
        onAssigned(Array.from({ length: partitions }, (_, number) => number));
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      }),
    [Symbol.asyncDispose]: async () => undefined,
  };
}
