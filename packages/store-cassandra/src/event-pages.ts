import { emptyBytes } from '@parley/kernel';
import type { EventRange, EventRow } from '@parley/store';
import type { Client } from 'cassandra-driver';
import * as cql from './history-statements.js';
import { cassandraLimits } from './limits.js';
import { numberOf, readRow, readRows } from './read-rows.js';

const { bucketSeqs } = cassandraLimits;
const bucketOf = (seq: number): number => Math.floor(seq / bucketSeqs);

/** Whose events are read, and from where. */
export interface EventSource {
  readonly client: Client;
  readonly app: string;
  readonly conversation: string;
}

/**
 * A page of events. Seqs are dense from the first that was kept to the head, so nearly always the
 * buckets of a page follow from its range; the head is asked for only where a page seems to end early.
 */
export function readEvents(source: EventSource, range: EventRange): Promise<readonly EventRow[]> {
  return range.backwards ? readBackwards(source, range) : readForwards(source, range);
}

async function readForwards(source: EventSource, { from, limit }: EventRange): Promise<readonly EventRow[]> {
  const page: EventRow[] = [];
  const head = lazy(() => readHead(source));
  let next = Math.max(0, from);
  while (page.length < limit) {
    const bucket = bucketOf(next);
    const rows = await readBucket(source, cql.selectMessagesForwards, { bucket, from: next, limit: limit - page.length });
    page.push(...rows);
    const borderSeq = (bucket + 1) * bucketSeqs;
    if (page.length === limit) break;
    // Dense: rows that stop before the border are the last ones.
    const last = rows.at(-1);
    if (last !== undefined && last.seq < borderSeq - 1) break;
    const headSeq = await head();
    if (headSeq < borderSeq) break;
    next = last === undefined ? (await firstBucketWithRows(source, bucket + 1, bucketOf(headSeq))) * bucketSeqs : borderSeq;
  }
  return page;
}

async function readBackwards(source: EventSource, { from, limit }: EventRange): Promise<readonly EventRow[]> {
  const page: EventRow[] = [];
  let next = from;
  let isHeadKnown = false;
  while (page.length < limit && next >= 0) {
    const bucket = bucketOf(next);
    const isBeyondAll = bucket >= 2 ** 31;
    const wanted = { bucket, from: next, limit: limit - page.length };
    const rows = isBeyondAll ? [] : await readBucket(source, cql.selectMessagesBackwards, wanted);
    page.push(...rows);
    if (rows.length === 0) {
      // Either the range starts above the head, or what lies below was never kept.
      if (isHeadKnown || page.length > 0) break;
      const headSeq = await readHead(source);
      isHeadKnown = true;
      if (headSeq >= bucket * bucketSeqs) break;
      next = headSeq;
      continue;
    }
    next = bucket * bucketSeqs - 1;
  }
  return page;
}

/** Buckets are filled from some bucket on up to the head's; that one is found by halving. */
async function firstBucketWithRows(source: EventSource, first: number, last: number): Promise<number> {
  let low = first;
  let high = last;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const wanted = { bucket: middle, from: middle * bucketSeqs, limit: 1 };
    const rows = await readBucket(source, cql.selectMessagesForwards, wanted);
    if (rows.length > 0) high = middle;
    else low = middle + 1;
  }
  return low;
}

async function readBucket(
  { client, app, conversation }: EventSource,
  statement: string,
  { bucket, from, limit }: { readonly bucket: number; readonly from: number; readonly limit: number },
): Promise<readonly EventRow[]> {
  const rows = await readRows(client, statement, [app, conversation, bucket, BigInt(from), limit]);
  return rows.map((row): EventRow => {
    const event: Uint8Array = row.get('event') ?? emptyBytes;
    return { app, conversation, seq: numberOf(row, 'seq'), event, countable: Number(row.get('countable') ?? 0) };
  });
}

/** The newest seq, 0 while there is none. */
async function readHead({ client, app, conversation }: EventSource): Promise<number> {
  const row = await readRow(client, cql.selectHead, [app, conversation]);
  return row === undefined ? 0 : numberOf(row, 'head_seq');
}

function lazy<Value>(read: () => Promise<Value>): () => Promise<Value> {
  let value: Promise<Value> | undefined;
  return () => {
    value ??= read();
    return value;
  };
}
