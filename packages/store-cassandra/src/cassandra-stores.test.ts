import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type CassandraCluster, engineAvailability, startCassandra } from '@parley/engines';
import { limits, systemClock, systemRandom } from '@parley/kernel';
import {
  batchAt,
  conversationRow,
  detailRow,
  eventsBatch,
  historyStoreContract,
  partition,
  pushStoreContract,
  seqsOf,
} from '@parley/store/contract';
import type { Client } from 'cassandra-driver';
import { connectCassandra } from './cassandra-client.js';
import { cassandraLimits } from './limits.js';
import { migrate, migrateCassandra } from './migrate.js';
import { parseMigration, readMigrations } from './migrations.js';
import { type CassandraStores, type CassandraStoresOptions, openCassandraStores } from './open-cassandra-stores.js';
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

  const writesAtRest = new Map<string, number>();
  const writes = async (): Promise<ReadonlyMap<string, number>> => {
    const counts = await client.execute("SELECT table_name, count FROM system_views.local_write_latency WHERE keyspace_name = 'contract'");
    return new Map(counts.rows.map((row): [string, number] => [row.get('table_name'), Number(row.get('count'))]));
  };
  /** Only what was written to since, be it tombstones: emptying a table takes longer than most tests. */
  const truncate = async (): Promise<void> => {
    const tables =
      'messages conversations members conversations_of_user sends details history_checkpoints store_facts unreached push_checkpoints';
    const counts = await writes();
    const written = tables.split(' ').filter((table) => counts.get(table) !== writesAtRest.get(table));
    await Promise.all(written.map((table) => client.execute(`TRUNCATE ${table}`, [], { executionProfile: 'schema', isIdempotent: false })));
    for (const [table, count] of await writes()) writesAtRest.set(table, count);
  };
  const createKeyspace = async (name: string): Promise<void> => {
    const replication = `{'class': 'NetworkTopologyStrategy', '${cluster.localDataCenter}': 1}`;
    await client.execute(`CREATE KEYSPACE ${name} WITH replication = ${replication}`, [], {
      executionProfile: 'schema',
      isIdempotent: false,
    });
  };
  const open = (options: Partial<CassandraStoresOptions> = {}): Promise<CassandraStores> =>
    openCassandraStores({ ...optionsOf('contract'), ...options });

  historyStoreContract('Cassandra', async () => {
    await truncate();
    return {
      clock: systemClock,
      isPersistent: true,
      deletesRetired: false,
      randomRuns: 8,
      // Nobody else is there who would have to notice a wipe.
      open: async () => historyOf(await open({ wipeQuietMs: 0 })),
      wipe: truncate,
      dispose: async () => {},
    };
  });

  pushStoreContract('Cassandra', async () => {
    await truncate();
    return { isPersistent: true, open: async () => pushOf(await open()), dispose: async () => {} };
  });

  describe('rows of one space', () => {
    it('are as few mutations as Cassandra takes, however many they are', async () => {
      await truncate();
      const { history, push } = await open();
      const written = async (): Promise<number> => (await writes()).get('details') ?? 0;
      const keys = Array.from({ length: cassandraLimits.spaceRowsMax + 1 }, (_, i) => `s/${String(i).padStart(5, '0')}`);
      const details = keys.map((key) => detailRow('m:g:team/0', key, 'x'.repeat(400)));
      const before = await written();
      await history.apply(partition, batchAt(1, { details }));
      expect((await written()) - before).toBeLessThan(5);
      const last = await history.details('demo', 'm:g:team/0', { isBackwards: true, limit: 1 });
      expect(last.map(({ key }) => key)).toEqual(keys.slice(-1));
      await history[Symbol.asyncDispose]();
      await push[Symbol.asyncDispose]();
    });
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

  describe('two processes', () => {
    const none = { events: [], conversations: [], details: [] };
    const valueIn = async ({ history }: CassandraStores): Promise<string> =>
      Buffer.from((await history.detail(detailRow('s', 'k'))) ?? []).toString();
    const inTwo = async (work: (first: CassandraStores, second: CassandraStores) => Promise<void>): Promise<void> => {
      await truncate();
      const both = [await open(), await open()] as const;
      try {
        await work(...both);
      } finally {
        for (const { history, push } of both) await Promise.all([history[Symbol.asyncDispose](), push[Symbol.asyncDispose]()]);
      }
    };

    it('learn of a wipe, and begin anew both', () =>
      inTwo(async (first, second) => {
        await first.history.apply(partition, eventsBatch(0, 'g:a', 1, 3));
        await first.history.wipe();
        const next = eventsBatch(1, 'g:a', 4, 5);
        await expect(second.history.apply(partition, next)).rejects.toThrow(/wiped/);
        await expect(first.history.apply(partition, next)).rejects.toThrow(/wiped/);
        expect(await second.history.epoch()).toBe(await first.history.epoch());
        expect(await second.history.checkpoint(partition)).toBeUndefined();
        await second.history.apply(partition, eventsBatch(0, 'g:a', 1, 3));
        expect((await first.history.checkpoint(partition))?.position.offset).toBe(1);
        expect(await seqsOf(first.history, 'g:a', { from: 1, limit: 9 })).toEqual([1, 2, 3]);
      }));

    it('go on where one of them died in the middle of a wipe', () =>
      inTwo(async (first, second) => {
        await first.history.apply(partition, eventsBatch(0, 'g:a', 1, 3));
        const epoch = await first.history.epoch();
        await client.execute("UPDATE store_facts SET is_wiping = true WHERE name = 'epoch' IF EXISTS", [], { isIdempotent: false });
        const found = await Promise.all([first, second].map(({ history }) => history.checkpoint(partition)));
        expect(found).toEqual([undefined, undefined]);
        expect(await first.history.epoch()).not.toBe(epoch);
        expect(await seqsOf(first.history, 'g:a', { from: 1, limit: 9 })).toEqual([]);
        await first.history.apply(partition, eventsBatch(0, 'g:a', 1, 3));
        expect(await seqsOf(second.history, 'g:a', { from: 1, limit: 9 })).toEqual([1, 2, 3]);
      }));

    it('wipe once where both want it', () =>
      inTwo(async (first, second) => {
        await Promise.all([first.history.wipe(), second.history.wipe()]);
        await first.history.checkpoint(partition);
        await first.history.apply(partition, eventsBatch(0, 'g:a', 1, 3));
        expect(await seqsOf(second.history, 'g:a', { from: 1, limit: 9 })).toEqual([1, 2, 3]);
      }));

    it('do not amend what a successor has written', () =>
      inTwo(async (first, second) => {
        await first.history.apply(partition, batchAt(10, { details: [detailRow('s', 'k', 'z1')] }));
        await first.history.amend(partition, { ...none, details: [detailRow('s', 'k', 'z2')] });
        await second.history.amend(partition, { ...none, details: [detailRow('s', 'k', 'a3')] });
        expect(await valueIn(first)).toBe('a3');
        await second.history.apply(partition, batchAt(20, { details: [detailRow('s', 'k', 'a4')] }));
        await first.history.amend(partition, { ...none, details: [detailRow('s', 'k', 'z5')] });
        expect(await valueIn(first)).toBe('a4');
        await second.history.amend(partition, { ...none, details: [detailRow('s', 'k', 'a6')] });
        for (let i = 0; i < 300; i++) await first.history.amend(partition, { ...none, details: [detailRow('s', 'k', 'z7')] });
        expect(await valueIn(first)).toBe('a6');
      }));
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
        await old.execute(
          "INSERT INTO messages (app, conversation, bucket, seq, event) VALUES ('demo', 'g:a', 0, 1, 0x0a) USING TIMESTAMP 900000",
        );
        await old.execute(
          'INSERT INTO history_checkpoints (store, log_partition, log_offset, fence, record_index, tail_offset, tail_fence, ' +
            "tail_index, time_ms) VALUES ('timeline', 3, 900000, 1, 2, 3, 4, 5, 6) USING TIMESTAMP 900001",
        );
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
      expect([found?.speaking.length, found?.details.length]).toEqual([0, 0]);
      const readEvent = async (): Promise<unknown> => {
        const [event] = await history.events('demo', 'g:a', { from: 1, limit: 1, backwards: false });
        return [Buffer.from(event?.event ?? []).toString('hex'), event?.countable];
      };
      expect(await readEvent()).toEqual(['0a', 0]);
      const checkpoint = await history.checkpoint(partition);
      expect(checkpoint).toEqual({ position: { offset: 900_000, fence: 1, index: 2 }, tail: { offset: 3, fence: 4, index: 5 }, timeMs: 6 });
      // What is written now outweighs what the version before wrote further on in the log, and lost its checkpoint of.
      const event = { app: 'demo', conversation: 'g:a', seq: 1, event: Uint8Array.of(9), countable: 1 };
      await history.amend(partition, { events: [event], conversations: [], details: [] });
      expect(await readEvent()).toEqual(['09', 1]);
      await history.apply(partition, batchAt(900_000, { events: [{ ...event, event: Uint8Array.of(8) }] }));
      expect(await readEvent()).toEqual(['08', 1]);
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
