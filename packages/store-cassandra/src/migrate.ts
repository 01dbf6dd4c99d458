import { createHash } from 'node:crypto';
import { type Clock, type Random, randomId } from '@parley/kernel';
import type { Client } from 'cassandra-driver';
import { type CassandraConnection, checkKeyspaceName, connectCassandra } from './cassandra-client.js';
import { Lease } from './lease.js';
import { type Migration, readMigrations } from './migrations.js';

export interface MigrateOptions extends CassandraConnection {
  /** Copies of every row in the local data centre; used when the keyspace is created. */
  readonly replicationFactor: number;
  readonly clock: Clock;
  readonly random: Random;
}

/** Statements that change the schema must not be repeated by the driver, and nobody prepares them. */
const schema = { prepare: false, isIdempotent: false, executionProfile: 'schema' } as const;

/**
 * Brings the keyspace to the newest schema: creates it when it is missing, then applies what was not
 * applied yet. Safe when several processes do it at once: one works, the others wait. Resolves to the
 * names of the migrations that it applied. Throws when an applied migration was changed afterwards.
 */
export async function migrateCassandra(options: MigrateOptions): Promise<readonly string[]> {
  const { keyspace, replicationFactor, localDataCenter } = options;
  checkKeyspaceName(keyspace);
  if (!Number.isInteger(replicationFactor) || replicationFactor < 1) throw new Error('replicationFactor: expected 1 or more');
  if (!/^[\w.-]+$/.test(localDataCenter)) throw new Error(`localDataCenter "${localDataCenter}" is no name of a data centre`);
  const client = await connectCassandra(options, { withKeyspace: false });
  try {
    const replication = `{'class': 'NetworkTopologyStrategy', '${localDataCenter}': ${replicationFactor}}`;
    await client.execute(`CREATE KEYSPACE IF NOT EXISTS ${keyspace} WITH replication = ${replication}`, [], schema);
  } finally {
    await client.shutdown();
  }
  const migrations = await readMigrations();
  const inKeyspace = await connectCassandra(options);
  try {
    return await migrate(inKeyspace, migrations, options);
  } finally {
    await inKeyspace.shutdown();
  }
}

/** Applies migrations to the client's keyspace, see {@link migrateCassandra}. */
export async function migrate(
  client: Client,
  migrations: readonly Migration[],
  { clock, random }: Pick<MigrateOptions, 'clock' | 'random'>,
): Promise<readonly string[]> {
  const table = 'CREATE TABLE IF NOT EXISTS migration_lease (name text PRIMARY KEY, holder text)';
  await client.execute(`${table} WITH id = ${tableId(`${client.keyspace}.migration_lease`)}`, [], schema);
  const lease = await Lease.take(client, clock, { name: 'schema', holder: randomId(random) });
  try {
    return await applyMissing(client, migrations, lease);
  } finally {
    await lease.release();
  }
}

/** Follows from the name, so that two processes that create the table at once create the same one. */
function tableId(name: string): string {
  const digits = createHash('sha256').update(name).digest('hex');
  return digits.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5');
}

async function applyMissing(client: Client, migrations: readonly Migration[], lease: Lease): Promise<readonly string[]> {
  await client.execute('CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, checksum text, applied_at timestamp)', [], schema);
  const applied = await appliedChecksums(client);
  for (const { name, checksum } of migrations) {
    const before = applied.get(name);
    if (before !== undefined && before !== checksum) {
      throw new Error(`migration ${name} was changed after it had been applied; undo the change and add a new file instead`);
    }
  }
  const missing = migrations.filter(({ name }) => !applied.has(name));
  for (const migration of missing) {
    for (const statement of migration.statements) {
      await client.execute(statement, [], schema);
      await lease.renew();
    }
    const record = 'INSERT INTO migrations (name, checksum, applied_at) VALUES (?, ?, toTimestamp(now()))';
    await client.execute(record, [migration.name, migration.checksum], schema);
  }
  return missing.map(({ name }) => name);
}

async function appliedChecksums(client: Client): Promise<ReadonlyMap<string, string>> {
  const result = await client.execute('SELECT name, checksum FROM migrations', [], schema);
  return new Map(result.rows.map((row): [string, string] => [row.get('name'), row.get('checksum')]));
}
