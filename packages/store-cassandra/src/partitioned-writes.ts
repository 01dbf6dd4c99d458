import type { QueryOptions } from 'cassandra-driver';
import { cassandraLimits } from './limits.js';

/** What is used of the driver's client. */
export interface WriteClient {
  execute(query: string, params: unknown[], options: QueryOptions): Promise<unknown>;
  batch(queries: { query: string; params: unknown[] }[], options: QueryOptions): Promise<unknown>;
}

/** One row to write: its bound values in the order of the statement, and what it weighs. */
interface BoundRow {
  readonly statement: string;
  readonly values: readonly unknown[];
  readonly bytes: number;
}

/**
 * Collects rows by partition and writes those of one partition together: Cassandra applies a
 * batch within a partition as one mutation, at the price of one write.
 */
export class PartitionedWrites {
  readonly #groups = new Map<string, BoundRow[]>();
  readonly #inOrder = new Set<string>();

  /** `partition` is the row's table and partition key as text; of its rows each may have a statement of its own. */
  add(statement: string, partition: string, values: readonly unknown[], bytes = 0): void {
    let group = this.#groups.get(partition);
    if (group === undefined) {
      group = [];
      this.#groups.set(partition, group);
    }
    group.push({ statement, values, bytes });
  }

  /**
   * Has all rows of a partition written as one mutation, up to larger bounds; what goes beyond follows when that is written. So
   * whatever a crash leaves, no row is there without those that were added before it.
   */
  keepTogether(partition: string): void {
    this.#inOrder.add(partition);
  }

  /**
   * Writes everything, a bounded number of writes at a time. The first failure stops the rest and is
   * thrown once the writes that are out have ended. Writing all of it again is harmless.
   */
  async write(client: WriteClient): Promise<void> {
    const chains = this.#chains();
    let failure: { readonly error: unknown } | undefined;
    const worker = async (): Promise<void> => {
      for (let chain = chains.next(); !chain.done && failure === undefined; chain = chains.next()) {
        try {
          for (const batch of chain.value) if (failure === undefined) await writeBatch(client, batch);
        } catch (error) {
          failure ??= { error };
        }
      }
    };
    await Promise.all(Array.from({ length: cassandraLimits.writesInFlightMax }, worker));
    if (failure !== undefined) throw failure.error;
  }

  /** What is written one after the other. */
  *#chains(): Generator<readonly (readonly BoundRow[])[]> {
    const { batchRowsMax, batchBytesMax, spaceRowsMax, spaceBytesMax } = cassandraLimits;
    for (const [partition, rows] of this.#groups) {
      if (this.#inOrder.has(partition)) yield batchesOf(rows, spaceRowsMax, spaceBytesMax);
      else for (const batch of batchesOf(rows, batchRowsMax, batchBytesMax)) yield [batch];
    }
  }
}

function batchesOf(rows: readonly BoundRow[], rowsMax: number, bytesMax: number): readonly (readonly BoundRow[])[] {
  const batches: BoundRow[][] = [];
  let batch: BoundRow[] = [];
  let bytes = 0;
  for (const row of rows) {
    if (batch.length === rowsMax || bytes + row.bytes > bytesMax || batches.length === 0) {
      batch = [];
      batches.push(batch);
      bytes = 0;
    }
    batch.push(row);
    bytes += row.bytes;
  }
  return batches;
}

const writeOptions = { prepare: true, isIdempotent: true, logged: false, executionProfile: 'write' } as const;

async function writeBatch(client: WriteClient, rows: readonly BoundRow[]): Promise<void> {
  const [only] = rows;
  if (rows.length === 1 && only !== undefined) {
    await client.execute(only.statement, [...only.values], writeOptions);
    return;
  }
  const queries = rows.map((row) => ({ query: row.statement, params: [...row.values] }));
  await client.batch(queries, writeOptions);
}
