import { type Clock, sleep } from '@parley/kernel';
import type { Client } from 'cassandra-driver';
import { cassandraLimits } from './limits.js';

const options = { prepare: false, isIdempotent: false, executionProfile: 'schema' } as const;

/**
 * Lets one process at a time do what changes a keyspace as a whole. Lightweight transactions, on a table that nothing
 * else writes; whoever dies with a lease keeps it for `migrationLeaseSeconds`.
 */
export class Lease {
  readonly #client: Client;
  readonly #name: string;
  readonly #holder: string;

  private constructor(client: Client, name: string, holder: string) {
    this.#client = client;
    this.#name = name;
    this.#holder = holder;
  }

  /** Waits for whoever has it; throws when that takes longer than `migrationWaitMs`. */
  static async take(client: Client, clock: Clock, { name, holder }: { readonly name: string; readonly holder: string }): Promise<Lease> {
    const deadline = clock.monotonic() + cassandraLimits.migrationWaitMs;
    const ttl = cassandraLimits.migrationLeaseSeconds;
    const take = `INSERT INTO migration_lease (name, holder) VALUES (?, ?) IF NOT EXISTS USING TTL ${ttl}`;
    for (;;) {
      const result = await client.execute(take, [name, holder], options);
      if (result.wasApplied() || result.first()?.get('holder') === holder) return new Lease(client, name, holder);
      if (clock.monotonic() > deadline) {
        throw new Error(`another process has held the lease "${name}" for ${cassandraLimits.migrationWaitMs / 1000} s`);
      }
      await sleep(clock, cassandraLimits.migrationPollMs);
    }
  }

  /** Has it for another while; throws when somebody else has it by now. */
  async renew(): Promise<void> {
    const ttl = cassandraLimits.migrationLeaseSeconds;
    const renew = `UPDATE migration_lease USING TTL ${ttl} SET holder = ? WHERE name = ? IF holder = ?`;
    const result = await this.#client.execute(renew, [this.#holder, this.#name, this.#holder], options);
    if (!result.wasApplied()) throw new Error(`lost the lease "${this.#name}": the cluster is too slow to be changed now`);
  }

  async release(): Promise<void> {
    await this.#client.execute('DELETE FROM migration_lease WHERE name = ? IF holder = ?', [this.#name, this.#holder], options);
  }
}
