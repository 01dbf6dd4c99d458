import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type CassandraCluster, engineAvailability, startCassandra } from '@parley/engines';
import { systemClock, systemRandom } from '@parley/kernel';
import { historyStoreContract, pushStoreContract } from '@parley/store/contract';
import type { Client } from 'cassandra-driver';
import { connectCassandra } from './cassandra-client.js';
import { migrate, migrateCassandra } from './migrate.js';
import { parseMigration, readMigrations } from './migrations.js';
import { type CassandraStores, openCassandraStores } from './open-cassandra-stores.js';

const missing = engineAvailability().cassandra;
if (missing.length > 0) console.warn(`skipping the tests on a real Cassandra: ${missing.join('; ')}`);
// Emptying the tables between tests takes longer than the tests.
jest.setTimeout(60_000);
const describeWithCassandra = missing.length === 0 ? describe : describe.skip;

describeWithCassandra('on a real Cassandra', () => {
  let cluster: CassandraCluster;
  let client: Client;
  const optionsOf = (keyspace: string) => ({
    contactPoints: cluster.contactPoints,
    port: cluster.port,
    localDataCenter: cluster.localDataCenter,
    keyspace,
    replicationFactor: 1,
    clock: systemClock,
    random: systemRandom,
  });
  beforeAll(async () => {
    cluster = await startCassandra({ config: { auto_snapshot: false } });
    await migrateCassandra(optionsOf('contract'));
    client = await connectCassandra(optionsOf('contract'));
  }, 300_000);
  afterAll(async () => {
    await client?.shutdown();
    await cluster?.stop();
  }, 60_000);

  const truncate = async (): Promise<void> => {
    const tables = 'messages conversations members conversations_of_user sends history_checkpoints store_facts unreached push_checkpoints';
    for (const table of tables.split(' ')) {
      await client.execute(`TRUNCATE ${table}`, [], { executionProfile: 'schema', isIdempotent: false });
    }
  };
  const open = (): Promise<CassandraStores> => openCassandraStores(optionsOf('contract'));

  historyStoreContract('Cassandra', async () => {
    await truncate();
    return {
      clock: systemClock,
      isPersistent: true,
      open: async () => historyOf(await open()),
      wipe: truncate,
      dispose: async () => {},
    };
  });

  pushStoreContract('Cassandra', async () => {
    await truncate();
    return { isPersistent: true, open: async () => pushOf(await open()), dispose: async () => {} };
  });

  describe('migrations', () => {
    it('are applied once, however many processes start at once', async () => {
      const results = await Promise.all([1, 2, 3].map(() => migrateCassandra(optionsOf('together'))));
      const names = (await readMigrations()).map(({ name }) => name);
      expect(results.flat().sort()).toEqual(names);
      expect(await migrateCassandra(optionsOf('together'))).toEqual([]);
    }, 60_000);

    it('refuse a file that was changed after it had been applied', async () => {
      const dependencies = { clock: systemClock, random: systemRandom };
      const file = (text: string) => [parseMigration('0001-a.cql', text)];
      await migrateCassandra(optionsOf('changed'));
      const other = await connectCassandra(optionsOf('changed'));
      try {
        const text = 'CREATE TABLE IF NOT EXISTS planted (a int PRIMARY KEY);';
        expect(await migrate(other, file(text), dependencies)).toEqual(['0001-a.cql']);
        expect(await migrate(other, file(`-- a comment\n${text}\n`), dependencies)).toEqual([]);
        await expect(migrate(other, file(text.replace('int', 'text')), dependencies)).rejects.toThrow(/changed after/);
      } finally {
        await other.shutdown();
      }
    }, 60_000);

    it('makes a keyspace that was never migrated an error in words', async () => {
      await expect(openCassandraStores(optionsOf('nowhere'))).rejects.toThrow(/nowhere/);
    });
  });
});

/** Each store in a home of its own: the other one is of no use here. */
function historyOf(stores: CassandraStores): CassandraStores['history'] {
  void stores.push[Symbol.asyncDispose]();
  return stores.history;
}

function pushOf(stores: CassandraStores): CassandraStores['push'] {
  void stores.history[Symbol.asyncDispose]();
  return stores.push;
}
