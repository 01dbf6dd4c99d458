import { boundsOf, type DetailRange, type DetailRow } from '@parley/store';
import type { Client } from 'cassandra-driver';
import { readRows, textOf } from './read-rows.js';

const select = 'SELECT key, value FROM details WHERE app = ? AND space = ? AND key >= ?';

/** A page of a space: one range of one partition. */
export async function readDetails(
  client: Client,
  { app, space }: { readonly app: string; readonly space: string },
  range: DetailRange,
): Promise<readonly DetailRow[]> {
  if (range.limit <= 0) return [];
  const { low, high, isHighIncluded } = boundsOf(range);
  const upTo = high === undefined ? '' : ` AND key ${isHighIncluded ? '<=' : '<'} ?`;
  const query = `${select}${upTo} ORDER BY key ${range.isBackwards === true ? 'DESC' : 'ASC'} LIMIT ?`;
  const rows = await readRows(client, query, [app, space, low, ...(high === undefined ? [] : [high]), range.limit]);
  return rows.map((row): DetailRow => ({ app, space, key: textOf(row, 'key'), value: row.get('value') }));
}
