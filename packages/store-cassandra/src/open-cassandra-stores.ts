import type { Clock, Random } from '@parley/kernel';
import type { HistoryStore, PushStore } from '@parley/store';
import { type CassandraConnection, checkKeyspaceName, connectCassandra } from './cassandra-client.js';
import { CassandraHistoryStore } from './cassandra-history-store.js';
import { CassandraPushStore } from './cassandra-push-store.js';
import { cassandraLimits } from './limits.js';
import { migrateCassandra } from './migrate.js';
import { SharedFacts } from './store-facts.js';

export interface CassandraStoresOptions extends CassandraConnection {
  /** Copies of every row in the local data centre; used when the keyspace is created. */
  readonly replicationFactor: number;
  readonly clock: Clock;
  readonly random: Random;
  /** Bring the schema up to date before the stores are opened; false by default. */
  readonly migrate?: boolean;
  /** Pause of a wipe in which other processes notice it, in milliseconds; 2500 by default. */
  readonly wipeQuietMs?: number;
}

/** Both stores share one client; it is shut down when both are disposed. */
export interface CassandraStores {
  readonly history: HistoryStore;
  readonly push: PushStore;
}

/** Connects to Cassandra. Rejects when no node answers, or when the keyspace is missing and `migrate` is not set. */
export async function openCassandraStores(options: CassandraStoresOptions): Promise<CassandraStores> {
  const { clock, random, wipeQuietMs = cassandraLimits.wipeQuietMs } = options;
  checkKeyspaceName(options.keyspace);
  if (options.migrate === true) await migrateCassandra(options);
  const client = await connectCassandra(options);
  try {
    const facts = await SharedFacts.open(client, clock, random);
    const { epoch } = await facts.current();
    const open = new Set(['history', 'push']);
    const closer = (name: string) => async (): Promise<void> => {
      if (open.delete(name) && open.size === 0) await client.shutdown();
    };
    return {
      history: new CassandraHistoryStore({ client, clock, random, facts, epoch, wipeQuietMs, close: closer('history') }),
      push: new CassandraPushStore({ client, close: closer('push') }),
    };
  } catch (error) {
    await client.shutdown();
    throw error;
  }
}
