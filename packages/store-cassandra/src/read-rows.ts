import type { Client, types } from 'cassandra-driver';

const readOptions = { prepare: true, isIdempotent: true, fetchSize: 1_000 } as const;

/** All rows of a query, page by page. */
export async function readRows(client: Client, query: string, params: readonly unknown[]): Promise<readonly types.Row[]> {
  const result = await client.execute(query, [...params], readOptions);
  if (result.pageState === null || result.pageState === undefined) return result.rows;
  const rows: types.Row[] = [];
  for await (const row of result) rows.push(row);
  return rows;
}

export async function readRow(client: Client, query: string, params: readonly unknown[]): Promise<types.Row | undefined> {
  const result = await client.execute(query, [...params], readOptions);
  return result.first() ?? undefined;
}

/** A bigint column as a number; all of ours stay below 2^53. */
export function numberOf(row: types.Row, column: string): number {
  const value: unknown = row.get(column);
  if (typeof value !== 'bigint') throw new Error(`column ${column} is no bigint`);
  return Number(value);
}

export function textOf(row: types.Row, column: string): string {
  const value: unknown = row.get(column);
  if (typeof value !== 'string') throw new Error(`column ${column} is no text`);
  return value;
}
