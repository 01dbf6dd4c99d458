import type { LogPosition, PageRequest, PushBatch, PushStore, UnreachedRow } from '@parley/store';
import type { Client, types } from 'cassandra-driver';
import { storeName } from './history-statements.js';
import { PartitionedWrites } from './partitioned-writes.js';
import { numberOf, readRow, readRows, textOf } from './read-rows.js';

const insertUnreached =
  'INSERT INTO unreached (app, user_id, conversation, seq, unreached_count, time_ms) VALUES (?, ?, ?, ?, ?, ?) ' + 'USING TIMESTAMP ?';
const insertCheckpoint =
  'INSERT INTO push_checkpoints (store, log_partition, log_offset, fence, record_index) VALUES (?, ?, ?, ?, ?) ' + 'USING TIMESTAMP ?';
const selectUnreachedIn =
  'SELECT conversation, seq, unreached_count, time_ms FROM unreached WHERE app = ? AND user_id = ? AND conversation = ?';
const selectUnreached =
  'SELECT conversation, seq, unreached_count, time_ms FROM unreached ' + 'WHERE app = ? AND user_id = ? AND conversation > ? LIMIT ?';
const selectCheckpoint = 'SELECT log_offset, fence, record_index FROM push_checkpoints WHERE store = ? AND log_partition = ?';

/** Who was not reached, in Cassandra. */
export class CassandraPushStore implements PushStore {
  readonly #client: Client;
  readonly #close: () => Promise<void>;

  constructor({ client, close }: { readonly client: Client; readonly close: () => Promise<void> }) {
    this.#client = client;
    this.#close = close;
  }

  async checkpoint(partition: number): Promise<LogPosition | undefined> {
    const row = await readRow(this.#client, selectCheckpoint, [storeName, partition]);
    if (row === undefined) return undefined;
    return { offset: numberOf(row, 'log_offset'), fence: numberOf(row, 'fence'), index: numberOf(row, 'record_index') };
  }

  async apply(partition: number, batch: PushBatch): Promise<void> {
    const rows = new PartitionedWrites();
    const timestamp = BigInt(batch.offset + 1);
    // Rows of one batch share a timestamp, so only the last of a user and conversation may go out.
    const last = new Map(batch.rows.map((row) => [`${row.app}\0${row.user}\0${row.conversation}`, row]));
    for (const { app, user, conversation, seq, count, timeMs } of last.values()) {
      const values = [app, user, conversation, BigInt(seq), BigInt(count), BigInt(timeMs), timestamp];
      rows.add(insertUnreached, `unreached\0${app}\0${user}`, values);
    }
    await rows.write(this.#client);
    const checkpoint = new PartitionedWrites();
    const { offset, fence, index } = batch.checkpoint;
    checkpoint.add(insertCheckpoint, 'push_checkpoints', [
      storeName,
      partition,
      BigInt(offset),
      BigInt(fence),
      BigInt(index),
      BigInt(offset + 1),
    ]);
    await checkpoint.write(this.#client);
  }

  async unreachedIn(app: string, user: string, conversation: string): Promise<UnreachedRow | undefined> {
    const row = await readRow(this.#client, selectUnreachedIn, [app, user, conversation]);
    return row === undefined ? undefined : unreachedOf(app, user, row);
  }

  async unreached(app: string, user: string, { after = '', limit }: PageRequest): Promise<readonly UnreachedRow[]> {
    const rows = await readRows(this.#client, selectUnreached, [app, user, after, limit]);
    return rows.map((row) => unreachedOf(app, user, row));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}

const unreachedOf = (app: string, user: string, row: types.Row): UnreachedRow => ({
  app,
  user,
  conversation: textOf(row, 'conversation'),
  seq: numberOf(row, 'seq'),
  count: numberOf(row, 'unreached_count'),
  timeMs: numberOf(row, 'time_ms'),
});
