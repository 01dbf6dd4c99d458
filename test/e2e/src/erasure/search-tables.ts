import type { Deployment } from '@parley/testkit';
import { Client } from 'cassandra-driver';
import type { Canaries } from './canaries.js';

const keyspace = 'parley';

/** `<table>: <place>` for every word that is found in a row of any table. */
export async function searchTables(
  { contactPoints, port }: NonNullable<Deployment['cassandra']>,
  canaries: Canaries,
): Promise<readonly string[]> {
  const client = new Client({ contactPoints: [...contactPoints], protocolOptions: { port }, localDataCenter: 'datacenter1', keyspace });
  try {
    await client.connect();
    const tables = await client.execute('SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?', [keyspace]);
    const found = new Set<string>();
    for (const row of tables.rows) {
      const table = String(row['table_name']);
      for await (const cells of await client.execute(`SELECT * FROM ${table}`, [], { fetchSize: 500 })) {
        for (const cell of cells.values()) for (const place of canaries.foundIn(bytesOf(cell))) found.add(`${table}: ${place}`);
      }
    }
    return [...found].sort();
  } finally {
    await client.shutdown();
  }
}

/** A cell: text, bytes, or something else that can be written down. */
function bytesOf(cell: unknown): string | Buffer {
  return Buffer.isBuffer(cell) || typeof cell === 'string' ? cell : (JSON.stringify(cell) ?? '');
}
