import type { HistoryBatch } from '@parley/store';
import type { Client } from 'cassandra-driver';
import { insertAmendedTo, selectAmendedTo } from './history-statements.js';
import { cassandraLimits } from './limits.js';
import { readRow } from './read-rows.js';

/** Timestamps between those of two neighbouring records of the log: for amendments. Part of the stored format. */
const perRecord = 2n ** 20n;

/**
 * The timestamp of what the record at an offset changes: it grows with the log, so of two writes to a row the one from
 * further on in the log wins. Fits into 63 bits up to an offset of 2^43.
 */
export const timestampOf = (offset: number): bigint => BigInt(offset + 1) * perRecord;

interface Claim {
  /** Records of the log whose writes these timestamps outweigh. */
  readonly records: number;
  next: bigint;
  readonly end: bigint;
}

/** Where the claims of a partition are kept, and what it has applied according to the store. */
export interface AmendmentSource {
  readonly client: Client;
  /** Partition key of the checkpoints. */
  readonly store: string;
  readonly appliedRecords: () => Promise<number>;
}

/**
 * Timestamps for amendments: above the newest batch that this process has applied and every amendment before, below the
 * batch that follows. A process that no longer owns the partition stays below what its successor has written.
 */
export class AmendmentTimestamps {
  readonly #applied = new Map<number, number>();
  readonly #claims = new Map<number, Claim>();
  /** One claim at a time. */
  #claiming: Promise<unknown> = Promise.resolve();

  applied(partition: number, { offset, checkpoint }: HistoryBatch): void {
    const records = Math.max(offset + 1, checkpoint.position.offset);
    this.#applied.set(partition, Math.max(records, this.#applied.get(partition) ?? 0));
  }

  /** Forgets what it knows, when the history was wiped. */
  clear(): void {
    this.#applied.clear();
    this.#claims.clear();
  }

  next(partition: number, source: AmendmentSource): Promise<bigint> {
    const taken = this.#claiming.then(() => this.#take(partition, source));
    this.#claiming = taken.catch(() => undefined);
    return taken;
  }

  async #take(partition: number, source: AmendmentSource): Promise<bigint> {
    const records = this.#applied.get(partition) ?? (await source.appliedRecords());
    let claim = this.#claims.get(partition);
    if (claim === undefined || claim.records < records || claim.next > claim.end) {
      claim = await claimTimestamps(partition, records, source);
      this.#claims.set(partition, claim);
    }
    return claim.next++;
  }
}

async function claimTimestamps(partition: number, records: number, { client, store }: AmendmentSource): Promise<Claim> {
  const base = BigInt(records) * perRecord;
  const last = base + perRecord - 1n;
  const found: unknown = (await readRow(client, selectAmendedTo, [store, partition]))?.get('amended_to');
  const claimed = typeof found === 'bigint' && found > base ? found : base;
  // Somebody has applied more than this process: what is amended here must not outweigh it.
  if (claimed > last) return { records, next: last, end: last };
  const end = claimed + BigInt(cassandraLimits.amendmentsPerClaim);
  if (end > last) throw new Error(`partition ${partition} was amended too often since its newest batch`);
  const options = { prepare: true, isIdempotent: true, executionProfile: 'write' } as const;
  await client.execute(insertAmendedTo, [store, partition, end, end], options);
  return { records, next: claimed + 1n, end };
}
