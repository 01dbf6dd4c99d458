import { type Clock, type Random, randomId } from '@parley/kernel';
import type { HistoryStore, PushStore } from '@parley/store';
import type { Client } from 'cassandra-driver';
import { type CassandraConnection, checkKeyspaceName, connectCassandra } from './cassandra-client.js';
import { CassandraHistoryStore } from './cassandra-history-store.js';
import { CassandraPushStore } from './cassandra-push-store.js';
import { migrateCassandra } from './migrate.js';

export interface CassandraStoresOptions extends CassandraConnection {
  /** Copies of every row in the local data centre; used when the keyspace is created. */
  readonly replicationFactor: number;
  readonly clock: Clock;
  readonly random: Random;
  /** Bring the schema up to date before the stores are opened; false by default. */
  readonly migrate?: boolean;
}

/** Both stores share one client; it is shut down when both are disposed. */
export interface CassandraStores {
  readonly history: HistoryStore;
  readonly push: PushStore;
}

/** Connects to Cassandra. Rejects when no node answers, or when the keyspace is missing and `migrate` is not set. */
export async function openCassandraStores(options: CassandraStoresOptions): Promise<CassandraStores> {
  checkKeyspaceName(options.keyspace);
  if (options.migrate === true) await migrateCassandra(options);
  const client = await connectCassandra(options);
  try {
    const epoch = await readOrMakeEpoch(client, options.random);
    const open = new Set(['history', 'push']);
    const closer = (name: string) => async (): Promise<void> => {
      if (open.delete(name) && open.size === 0) await client.shutdown();
    };
    return {
      history: new CassandraHistoryStore({ client, clock: options.clock, epoch, close: closer('history') }),
      push: new CassandraPushStore({ client, close: closer('push') }),
    };
  } catch (error) {
    await client.shutdown();
    throw error;
  }
}

/** A lightweight transaction, once in the life of a keyspace: of two that open a new one, both learn the same epoch. */
async function readOrMakeEpoch(client: Client, random: Random): Promise<string> {
  const read = "SELECT value FROM store_facts WHERE name = 'epoch'";
  const options = { prepare: true, isIdempotent: true, executionProfile: 'schema' } as const;
  const found: unknown = (await client.execute(read, [], options)).first()?.get('value');
  if (typeof found === 'string') return found;
  const epoch = randomId(random);
  const make = "INSERT INTO store_facts (name, value) VALUES ('epoch', ?) IF NOT EXISTS";
  const made = await client.execute(make, [epoch], { ...options, isIdempotent: false });
  const other: unknown = made.wasApplied() ? epoch : made.first()?.get('value');
  if (typeof other !== 'string') throw new Error('the keyspace has no epoch');
  return other;
}
