import type { Clock } from '@parley/kernel';
import {
  type ConversationRow,
  type DetailRow,
  type EventRow,
  type HistoryBatch,
  type MembershipSpan,
  type SendRow,
  storeLimits,
} from '@parley/store';
import { bufferOf, conversationKey, type WrittenColumns } from './conversation-columns.js';
import * as cql from './history-statements.js';
import { cassandraLimits } from './limits.js';
import { PartitionedWrites } from './partitioned-writes.js';
import { timestampOf } from './write-timestamps.js';

export const openSpan = -1n;

/** What a batch writes below its heads. */
export function rowsOf(batch: HistoryBatch, clock: Clock): PartitionedWrites {
  const writes = new PartitionedWrites();
  const timestamp = timestampOf(batch.offset);
  addEvents(writes, batch.events, timestamp);
  const members = newest(batch.members, (each) => `${each.app}\0${each.conversation}\0${each.user}`);
  for (const { app, conversation, user, version, spans } of members) {
    const values = [app, conversation, user, BigInt(version), spans.flatMap(pairOf), timestamp];
    writes.add(cql.insertMember, `members\0${app}\0${conversation}`, values);
  }
  for (const { app, user, conversation } of batch.memberships) {
    writes.add(cql.insertConversationOfUser, `conversations_of_user\0${app}\0${user}`, [app, user, conversation, timestamp]);
  }
  for (const { app, user, conversation } of batch.departures) {
    writes.add(cql.deleteConversationOfUser, `conversations_of_user\0${app}\0${user}`, [timestamp, app, user, conversation]);
  }
  addDetails(writes, batch.details, timestamp);
  addSends(writes, batch.sends, clock);
  return writes;
}

/** What a batch writes above its rows. */
export function headsOf(batch: HistoryBatch, written: WrittenColumns): PartitionedWrites {
  const writes = new PartitionedWrites();
  const timestamp = timestampOf(batch.offset);
  // Whoever replays the batch before it was whole needs the members, to know whose row of the room goes.
  // One less than the batch's own timestamp: of two equal ones the deletion would win, over members of a room made anew.
  for (const row of batch.emptied) {
    writes.add(cql.deleteMembers, `members\0${conversationKey(row)}`, [timestamp - 1n, row.app, row.conversation]);
  }
  addConversations(writes, { rows: newest(batch.conversations, conversationKey), written }, timestamp);
  return writes;
}

export function addEvents(writes: PartitionedWrites, rows: readonly EventRow[], timestamp: bigint): void {
  for (const { app, conversation, seq, event, countable } of rows) {
    const bucket = Math.floor(seq / cassandraLimits.bucketSeqs);
    const values = [app, conversation, bucket, BigInt(seq), bufferOf(event), BigInt(countable), timestamp];
    const statement = conversation.startsWith('r:') ? cql.insertRoomMessage : cql.insertMessage;
    writes.add(statement, `messages\0${app}\0${conversation}\0${bucket}`, values, event.length);
  }
}

/** What a row of details takes beside its key and value, about. */
const detailRowBytes = 100;

/** Rows of one space are one mutation, or follow each other: a mark behind them says up to where they are true. */
export function addDetails(writes: PartitionedWrites, rows: readonly DetailRow[], timestamp: bigint): void {
  for (const { app, space, key, value } of rows) {
    const partition = `details\0${app}\0${space}`;
    writes.keepTogether(partition);
    const bytes = detailRowBytes + key.length + value.length;
    if (value.length === 0) writes.add(cql.deleteDetail, partition, [timestamp, app, space, key], bytes);
    else writes.add(cql.insertDetail, partition, [app, space, key, bufferOf(value), timestamp], bytes);
  }
}

export function addConversations(
  writes: PartitionedWrites,
  { rows, written }: { readonly rows: Iterable<ConversationRow>; readonly written: WrittenColumns },
  timestamp: bigint,
): void {
  for (const row of rows) {
    const numbers = [row.headSeq, row.countable, row.updatedMs, row.membershipVersion].map(BigInt);
    const { app, conversation, closed, historyAccess, keptFromSeq } = row;
    const { speaking, details } = written.changed(row);
    const values = [app, conversation, ...numbers, closed, historyAccess, BigInt(keptFromSeq), speaking, details, timestamp];
    const bytes = (speaking?.length ?? 0) + (details?.length ?? 0);
    writes.add(cql.insertConversation, `conversations\0${conversationKey(row)}`, values, bytes);
  }
}

/** Deletes the events that a conversation keeps no more; those of rooms have a time to live instead. */
export function addRetirement(
  writes: PartitionedWrites,
  { row, before }: { readonly row: ConversationRow; readonly before: ConversationRow | undefined },
  timestamp: bigint,
): void {
  const { app, conversation, keptFromSeq } = row;
  if (conversation.startsWith('r:')) return;
  const { bucketSeqs } = cassandraLimits;
  const [from, to] = [before?.keptFromSeq ?? 0, keptFromSeq].map((seq) => Math.max(1, seq)) as [number, number];
  for (let bucket = Math.floor(from / bucketSeqs); to > from && bucket <= Math.floor((to - 1) / bucketSeqs); bucket++) {
    const values = [timestamp, app, conversation, bucket, BigInt(keptFromSeq)];
    writes.add(cql.deleteMessagesBelow, `messages\0${app}\0${conversation}\0${bucket}`, values);
  }
}

function addSends(writes: PartitionedWrites, sends: readonly SendRow[], clock: Clock): void {
  const now = clock.now();
  for (const row of sends) {
    const secondsLeft = Math.ceil((row.timeMs + storeLimits.sendsKeptMs - now) / 1000);
    if (secondsLeft <= 0) continue;
    const key = [row.app, row.conversation, row.sender, row.clientMsgId];
    const values = [...key, BigInt(row.seq), row.messageId, BigInt(row.timeMs), BigInt(row.bodyHash)];
    const timestamp = BigInt(row.timeMs) * 1_000n;
    writes.add(cql.insertSend, `sends\0${row.app}\0${row.conversation}\0${row.sender}`, [...values, timestamp, secondsLeft]);
  }
}

/** The last row of each key: of two with one timestamp, Cassandra would keep the greater value of each cell. */
const newest = <Row>(rows: readonly Row[], idOf: (row: Row) => string): Iterable<Row> =>
  new Map(rows.map((row) => [idOf(row), row])).values();

const pairOf = (span: MembershipSpan): readonly bigint[] => [BigInt(span.from), span.to === undefined ? openSpan : BigInt(span.to)];
