import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type CassandraCluster, engineAvailability, startCassandra } from '@parley/engines';
import { limits, systemClock, systemRandom } from '@parley/kernel';
import { batchAt, conversationRow, eventsBatch, historyStoreContract, partition, pushStoreContract } from '@parley/store/contract';
import type { Client } from 'cassandra-driver';
import { connectCassandra } from './cassandra-client.js';
import { cassandraLimits } from './limits.js';
import { migrate, migrateCassandra } from './migrate.js';
import { parseMigration, readMigrations } from './migrations.js';
import { type CassandraStores, openCassandraStores } from './open-cassandra-stores.js';
import { timestampOf } from './write-timestamps.js';

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
    const tables =
      'messages conversations members conversations_of_user sends details history_checkpoints store_facts unreached push_checkpoints';
    for (const table of tables.split(' ')) {
      await client.execute(`TRUNCATE ${table}`, [], { executionProfile: 'schema', isIdempotent: false });
    }
  };
  const createKeyspace = async (name: string): Promise<void> => {
    const replication = `{'class': 'NetworkTopologyStrategy', '${cluster.localDataCenter}': 1}`;
    await client.execute(`CREATE KEYSPACE ${name} WITH replication = ${replication}`, [], {
      executionProfile: 'schema',
      isIdempotent: false,
    });
  };
  const open = (): Promise<CassandraStores> => openCassandraStores(optionsOf('contract'));

  historyStoreContract('Cassandra', async () => {
    await truncate();
    return {
      clock: systemClock,
      isPersistent: true,
      deletesRetired: false,
      randomRuns: 8,
      open: async () => historyOf(await open()),
      wipe: truncate,
      dispose: async () => {},
    };
  });

  pushStoreContract('Cassandra', async () => {
    await truncate();
    return { isPersistent: true, open: async () => pushOf(await open()), dispose: async () => {} };
  });

  describe('rows of rooms', () => {
    it('have a time to live where they are messages, which other conversations have not', async () => {
      await truncate();
      const { history, push } = await open();
      await history.apply(partition, eventsBatch(0, 'r:hall', 1, 1));
      await history.apply(partition, eventsBatch(1, 'g:team', 1, 1));
      const result = await client.execute('SELECT conversation, TTL(event) AS ttl FROM messages');
      const ttlOf = new Map(result.rows.map((row): [string, number | null] => [row.get('conversation'), row.get('ttl')]));
      expect(ttlOf.get('r:hall')).toBeGreaterThanOrEqual(limits.roomHistoryMs / 1_000);
      expect(ttlOf.get('r:hall')).toBeLessThanOrEqual(cassandraLimits.roomMessageSeconds);
      expect(ttlOf.get('g:team')).toBeNull();
      await history[Symbol.asyncDispose]();
      await push[Symbol.asyncDispose]();
    });

    it('bring their rules with the head only when these have changed', async () => {
      await truncate();
      const { history, push } = await open();
      const writtenAt = async (): Promise<unknown> => {
        const found = await client.execute(
          "SELECT WRITETIME(speaking) AS at FROM conversations WHERE app = 'demo' AND conversation = 'r:hall'",
        );
        return found.first()?.get('at');
      };
      const row = conversationRow('r:hall', 1, { speaking: Uint8Array.of(8, 1) });
      await history.apply(partition, batchAt(10, { conversations: [row] }));
      await history.apply(partition, batchAt(20, { conversations: [{ ...row, headSeq: 2 }] }));
      expect(await writtenAt()).toBe(timestampOf(10));
      await history.apply(partition, batchAt(30, { conversations: [{ ...row, headSeq: 3, speaking: Uint8Array.of(8, 2) }] }));
      expect(await writtenAt()).toBe(timestampOf(30));
      await history[Symbol.asyncDispose]();
      await push[Symbol.asyncDispose]();
    });
  });

  describe('migrations', () => {
    it('leave rows readable that were written by the version before', async () => {
      const options = optionsOf('grown');
      const [first, second, ...later] = await readMigrations();
      if (first === undefined || second === undefined) throw new Error('no migrations');
      await createKeyspace('grown');
      const old = await connectCassandra(options);
      try {
        await migrate(old, [first, second], options);
        const row =
          'INSERT INTO conversations (app, conversation, head_seq, countable, updated_ms, membership_version, closed) ' +
          "VALUES ('demo', 'r:hall', 300, 299, 1700000000000, 7, true) USING TIMESTAMP 5";
        await old.execute(row);
        expect(await migrateCassandra(options)).toEqual(later.map(({ name }) => name));
        // What a migration that was cut short repeats.
        for (const statement of later.flatMap(({ statements }) => statements)) await old.execute(statement, [], { isIdempotent: false });
      } finally {
        await old.shutdown();
      }
      const { history, push } = await openCassandraStores(options);
      const expected = { headSeq: 300, countable: 299, updatedMs: 1_700_000_000_000, membershipVersion: 7, closed: true };
      const found = await history.conversation('demo', 'r:hall');
      expect(found).toMatchObject({ ...expected, historyAccess: 0, keptFromSeq: 0 });
      expect(found?.speaking).toHaveLength(0);
      await history[Symbol.asyncDispose]();
      await push[Symbol.asyncDispose]();
    }, 60_000);

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
