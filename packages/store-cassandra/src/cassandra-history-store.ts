import { type Clock, emptyBytes } from '@parley/kernel';
import {
  type ConversationKey,
  type ConversationRow,
  type EventRange,
  type EventRow,
  type HistoryBatch,
  type HistoryCheckpoint,
  type HistoryStore,
  type MemberRow,
  type MembershipSpan,
  type PageRequest,
  type SendRow,
  storeLimits,
} from '@parley/store';
import type { Client, types } from 'cassandra-driver';
import { readEvents } from './event-pages.js';
import * as cql from './history-statements.js';
import { cassandraLimits } from './limits.js';
import { PartitionedWrites } from './partitioned-writes.js';
import { numberOf, readRow, readRows, textOf } from './read-rows.js';

export interface CassandraHistoryDeps {
  readonly client: Client;
  readonly clock: Clock;
  readonly epoch: string;
  readonly close: () => Promise<void>;
}

/** The history in Cassandra; see the package's README for the rules that its writes follow. */
export class CassandraHistoryStore implements HistoryStore {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #epoch: string;
  readonly #close: () => Promise<void>;
  /** By conversation the rules written last: they are long and change seldom, so that not every head brings them again. */
  readonly #rules = new Map<string, Uint8Array>();

  constructor({ client, clock, epoch, close }: CassandraHistoryDeps) {
    this.#client = client;
    this.#clock = clock;
    this.#epoch = epoch;
    this.#close = close;
  }

  async epoch(): Promise<string> {
    return this.#epoch;
  }

  async checkpoint(partition: number): Promise<HistoryCheckpoint | undefined> {
    return (await this.checkpoints()).get(partition);
  }

  async checkpoints(): Promise<ReadonlyMap<number, HistoryCheckpoint>> {
    const rows = await readRows(this.#client, cql.selectCheckpoints, [cql.storeName]);
    return new Map(rows.map((row): [number, HistoryCheckpoint] => [row.get('log_partition'), checkpointOf(row)]));
  }

  async apply(partition: number, batch: HistoryBatch): Promise<void> {
    // A head must not be seen before the events below it, and a checkpoint must not cover a row that is not there.
    await this.#rowsOf(batch).write(this.#client);
    await this.#headsOf(batch).write(this.#client);
    this.#keepRules(batch.conversations);
    const checkpoint = new PartitionedWrites();
    const { position, tail, timeMs } = batch.checkpoint;
    checkpoint.add(cql.insertCheckpoint, '', [
      cql.storeName,
      partition,
      ...[position.offset, position.fence, position.index, tail.offset, tail.fence, tail.index, timeMs].map(BigInt),
      BigInt(position.offset + 1),
    ]);
    await checkpoint.write(this.#client);
  }

  async conversation(app: string, conversation: string): Promise<ConversationRow | undefined> {
    const row = await readRow(this.#client, cql.selectConversation, [app, conversation]);
    if (row === undefined) return undefined;
    return {
      app,
      conversation,
      headSeq: numberOf(row, 'head_seq'),
      countable: numberOf(row, 'countable'),
      updatedMs: numberOf(row, 'updated_ms'),
      membershipVersion: numberOf(row, 'membership_version'),
      closed: row.get('closed') === true,
      speaking: row.get('speaking') ?? emptyBytes,
      historyAccess: row.get('history_access') ?? 0,
      keptFromSeq: Number(row.get('kept_from_seq') ?? 0),
    };
  }

  async events(app: string, conversation: string, range: EventRange): Promise<readonly EventRow[]> {
    return readEvents({ client: this.#client, app, conversation }, range);
  }

  async findSend(app: string, conversation: string, sender: string, clientMsgId: string): Promise<SendRow | undefined> {
    const row = await readRow(this.#client, cql.selectSend, [app, conversation, sender, clientMsgId]);
    if (row === undefined) return undefined;
    const timeMs = numberOf(row, 'time_ms');
    if (timeMs < this.#clock.now() - storeLimits.sendsKeptMs) return undefined;
    const [seq, bodyHash, messageId] = [numberOf(row, 'seq'), numberOf(row, 'body_hash'), textOf(row, 'message_id')];
    return { app, conversation, sender, clientMsgId, seq, messageId, timeMs, bodyHash };
  }

  async member(app: string, conversation: string, user: string): Promise<MemberRow | undefined> {
    const row = await readRow(this.#client, cql.selectMember, [app, conversation, user]);
    return row === undefined ? undefined : memberOf(app, conversation, row);
  }

  async membersAmong(app: string, conversation: string, users: readonly string[]): Promise<readonly MemberRow[]> {
    const { membersPerQuery } = cassandraLimits;
    const parts = Array.from({ length: Math.ceil(users.length / membersPerQuery) }, (_, i) =>
      users.slice(i * membersPerQuery, (i + 1) * membersPerQuery),
    );
    const found = await Promise.all(parts.map((part) => readRows(this.#client, cql.selectMembersAmong, [app, conversation, part])));
    return found.flat().map((row) => memberOf(app, conversation, row));
  }

  async members(app: string, conversation: string, { after = '', limit }: PageRequest): Promise<readonly MemberRow[]> {
    const rows = await readRows(this.#client, cql.selectMembers, [app, conversation, after, limit]);
    return rows.map((row) => memberOf(app, conversation, row));
  }

  async conversationsOf(app: string, user: string, { after = '', limit }: PageRequest): Promise<readonly string[]> {
    const rows = await readRows(this.#client, cql.selectConversationsOfUser, [app, user, after, limit]);
    return rows.map((row) => textOf(row, 'conversation'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  #rowsOf(batch: HistoryBatch): PartitionedWrites {
    const writes = new PartitionedWrites();
    const timestamp = timestampOf(batch);
    for (const { app, conversation, seq, event } of batch.events) {
      const bucket = Math.floor(seq / cassandraLimits.bucketSeqs);
      const values = [app, conversation, bucket, BigInt(seq), Buffer.from(event.buffer, event.byteOffset, event.length), timestamp];
      writes.add(
        conversation.startsWith('r:') ? cql.insertRoomMessage : cql.insertMessage,
        `${app}\0${conversation}\0${bucket}`,
        values,
        event.length,
      );
    }
    const members = newest(batch.members, (each) => `${each.app}\0${each.conversation}\0${each.user}`);
    for (const { app, conversation, user, version, spans } of members) {
      const values = [app, conversation, user, BigInt(version), spans.flatMap(pairOf), timestamp];
      writes.add(cql.insertMember, `${app}\0${conversation}`, values);
    }
    for (const { app, user, conversation } of batch.memberships) {
      writes.add(cql.insertConversationOfUser, `${app}\0${user}`, [app, user, conversation, timestamp]);
    }
    for (const { app, user, conversation } of batch.departures) {
      writes.add(cql.deleteConversationOfUser, `${app}\0${user}`, [timestamp, app, user, conversation]);
    }
    this.#addSends(writes, batch.sends);
    return writes;
  }

  #headsOf(batch: HistoryBatch): PartitionedWrites {
    const writes = new PartitionedWrites();
    // Whoever replays the batch before it was whole needs the members, to know whose row of the room goes.
    // One less than the batch's own timestamp: of two equal ones the deletion would win, over members of a room made anew.
    for (const row of batch.emptied) writes.add(cql.deleteMembers, keyOf(row), [timestampOf(batch) - 1n, row.app, row.conversation]);
    for (const row of newest(batch.conversations, keyOf)) {
      const numbers = [row.headSeq, row.countable, row.updatedMs, row.membershipVersion].map(BigInt);
      const { app, conversation, closed, historyAccess, speaking } = row;
      // Undefined leaves the column as it is.
      const rules = this.#rules.get(keyOf(row)) === speaking ? undefined : Buffer.from(speaking);
      const values = [app, conversation, ...numbers, closed, historyAccess, BigInt(row.keptFromSeq), rules, timestampOf(batch)];
      writes.add(cql.insertConversation, keyOf(row), values, rules?.length);
    }
    return writes;
  }

  #keepRules(rows: readonly ConversationRow[]): void {
    for (const row of rows) {
      if (row.speaking.length === 0) this.#rules.delete(keyOf(row));
      else this.#rules.set(keyOf(row), row.speaking);
    }
    if (this.#rules.size > cassandraLimits.rulesRememberedMax) this.#rules.clear();
  }

  #addSends(writes: PartitionedWrites, sends: readonly SendRow[]): void {
    const now = this.#clock.now();
    for (const row of sends) {
      const secondsLeft = Math.ceil((row.timeMs + storeLimits.sendsKeptMs - now) / 1000);
      if (secondsLeft <= 0) continue;
      const key = [row.app, row.conversation, row.sender, row.clientMsgId];
      const values = [...key, BigInt(row.seq), row.messageId, BigInt(row.timeMs), BigInt(row.bodyHash)];
      const timestamp = BigInt(row.timeMs) * 1_000n;
      writes.add(cql.insertSend, `${row.app}\0${row.conversation}\0${row.sender}`, [...values, timestamp, secondsLeft]);
    }
  }
}

/** Grows with the log, so of two writes to a row the one from further on in the log wins. */
const timestampOf = (batch: HistoryBatch): bigint => BigInt(batch.offset + 1);

const keyOf = ({ app, conversation }: ConversationKey): string => `${app}\0${conversation}`;

/** The last row of each key: of two with one timestamp, Cassandra would keep the greater value of each cell. */
const newest = <Row>(rows: readonly Row[], idOf: (row: Row) => string): Iterable<Row> =>
  new Map(rows.map((row) => [idOf(row), row])).values();

const openSpan = -1n;

const pairOf = (span: MembershipSpan): readonly bigint[] => [BigInt(span.from), span.to === undefined ? openSpan : BigInt(span.to)];

function memberOf(app: string, conversation: string, row: types.Row): MemberRow {
  const pairs: readonly bigint[] = row.get('spans') ?? [];
  const spans: MembershipSpan[] = [];
  for (let i = 0; i < pairs.length; i += 2) {
    const from = Number(pairs[i]);
    spans.push(pairs[i + 1] === openSpan ? { from } : { from, to: Number(pairs[i + 1]) });
  }
  return { app, conversation, user: textOf(row, 'user_id'), version: numberOf(row, 'version'), spans };
}

const checkpointOf = (row: types.Row): HistoryCheckpoint => ({
  position: {
    offset: numberOf(row, 'log_offset'),
    fence: numberOf(row, 'fence'),
    index: numberOf(row, 'record_index'),
  },
  tail: {
    offset: numberOf(row, 'tail_offset'),
    fence: numberOf(row, 'tail_fence'),
    index: numberOf(row, 'tail_index'),
  },
  timeMs: numberOf(row, 'time_ms'),
});
