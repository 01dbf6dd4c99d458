import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Config, loadConfig } from '@parley/config';
import { GroupService } from '@parley/contracts/group';
import { PolicyService } from '@parley/contracts/policy';
import { topics } from '@parley/contracts/topics';
import { type CassandraCluster, engineAvailability, type KafkaCluster, startCassandra, startKafka } from '@parley/engines';
import { ParleyError, partitionOf, sleep, systemClock } from '@parley/kernel';
import type { ServiceHandlers } from '@parley/rpc';
import { createPlatform, type Platform } from '../src/index.js';

const { kafka: withoutKafka, cassandra: withoutCassandra } = engineAvailability();
const missing = [...withoutKafka, ...withoutCassandra];
if (missing.length > 0) process.stderr.write(`a platform on a cluster: skipped, ${missing.join('; ')}\n`);

(missing.length > 0 ? describe.skip : describe)('a platform on a cluster', () => {
  let kafka: KafkaCluster;
  let cassandra: CassandraCluster;
  beforeAll(async () => {
    [kafka, cassandra] = await Promise.all([startKafka(), startCassandra()]);
  }, 300_000);
  afterAll(() => Promise.all([kafka?.stop(), cassandra?.stop()]), 30_000);

  const newConfig = (): Config => {
    const environment = {
      PARLEY_MODE: 'cluster',
      PARLEY_PARTITIONS: '4',
      PARLEY_LOGGING_LEVEL: 'error',
      PARLEY_RPC_PORT: '0',
      PARLEY_KAFKA_BROKERS: kafka.bootstrap.join(','),
      PARLEY_KAFKA_REPLICATION_FACTOR: '1',
      PARLEY_CASSANDRA_CONTACT_POINTS: cassandra.contactPoints.join(','),
      PARLEY_CASSANDRA_PORT: String(cassandra.port),
      PARLEY_CASSANDRA_LOCAL_DATA_CENTER: cassandra.localDataCenter,
      PARLEY_CASSANDRA_REPLICATION_FACTOR: '1',
    };
    const noFile = (): never => {
      throw new Error('no file');
    };
    return loadConfig({ environment, readFile: noFile }).config;
  };

  it('calls the owner of a partition in whichever process it is, and follows it to another', async () => {
    const [first, second, caller] = await Promise.all([1, 2, 3].map(() => createPlatform(newConfig())));
    if (first === undefined || second === undefined || caller === undefined) throw new Error('three were created');
    const partition = partitionOf('shop', 'g:g1', 4);
    const owning = new Set<Platform>();
    for (const platform of [first, second]) platform.server.serve(GroupService, handlersOf(platform, owning));

    owning.add(first);
    await publish(first, partition, 1);
    const ask = async (from: Platform): Promise<string | undefined> =>
      (await from.clients.group.getGroup({ app: 'shop', group: 'g1' })).group?.name;
    expect(await ask(caller)).toBe(first.peer);
    expect(await ask(first)).toBe(first.peer);

    owning.delete(first);
    owning.add(second);
    const answer = ask(caller);
    await publish(second, partition, 2);
    expect(await answer).toBe(second.peer);
    for (const platform of [caller, first, second]) await platform[Symbol.asyncDispose]();
  }, 60_000);

  it('has the policies that were set in any process, which answers for them over the network', async () => {
    const [first, second] = await Promise.all([createPlatform(newConfig()), createPlatform(newConfig())]);
    const client = first.dialer.client(PolicyService, second.address);
    await client.setPolicy({ app: 'shop', policy: { room: { perSecond: 1_234 } } });
    expect(second.policies.policyOf('shop').room.perSecond).toBe(1_234);
    const startedAt = systemClock.monotonic();
    while (first.policies.policyOf('shop').room.perSecond !== 1_234) {
      expect(systemClock.monotonic() - startedAt).toBeLessThan(20_000);
      await sleep(systemClock, 5);
    }
    await expect(client.setPolicy({ app: 'shop', policy: { room: { perSecond: 0 } } })).rejects.toMatchObject({
      error: 'INVALID_ARGUMENT',
    });
    for (const platform of [first, second]) await platform[Symbol.asyncDispose]();
  }, 60_000);

  it('has its topics and stores, also for the second process', async () => {
    const first = await createPlatform(newConfig());
    const second = await createPlatform(newConfig());
    await first.log.append(topics.timeline, 3, [{ value: Uint8Array.of(1) }]);
    expect((await second.log.range(topics.timeline, 3)).end).toBe(1);
    const [one, other] = await Promise.all([first.historyStore(), second.historyStore()]);
    expect(await one.epoch()).toBe(await other.epoch());
    expect(await (await second.pushStore()).checkpoint(0)).toBeUndefined();
    await first[Symbol.asyncDispose]();
    await second[Symbol.asyncDispose]();
  }, 60_000);
});

const publish = ({ directory, address, peer }: Platform, partition: number, fence: number): Promise<void> =>
  directory.publish({ service: 'group', partition, fence, address, peer });

/** Answers with the name of the process, as long as it is the owner. */
function handlersOf(platform: Platform, owning: ReadonlySet<Platform>): ServiceHandlers<typeof GroupService> {
  const refuse = async (): Promise<never> => {
    throw new ParleyError('UNSUPPORTED');
  };
  const others = Object.fromEntries(Object.keys(GroupService.methods).map((name) => [name, refuse]));
  return {
    ...(others as unknown as ServiceHandlers<typeof GroupService>),
    getGroup: async () => {
      if (!owning.has(platform)) throw new ParleyError('NOT_OWNER');
      return { group: { name: platform.peer } };
    },
  };
}
