import type { Clock, Random } from '@parley/kernel';
import {
  type ConversationKey,
  type ConversationRow,
  type DetailKey,
  type DetailRange,
  type DetailRow,
  type EventRange,
  type EventRow,
  type HistoryAmendment,
  type HistoryBatch,
  type HistoryCheckpoint,
  type HistoryStore,
  HistoryWipedError,
  type MemberRow,
  type MembershipSpan,
  type PageRequest,
  type SendRow,
  storeLimits,
} from '@parley/store';
import type { Client, types } from 'cassandra-driver';
import { conversationOf, WrittenColumns } from './conversation-columns.js';
import { readDetails } from './detail-rows.js';
import { readEvents } from './event-pages.js';
import * as cql from './history-statements.js';
import { addConversations, addDetails, addEvents, addRetirement, headsOf, openSpan, rowsOf } from './history-writes.js';
import { cassandraLimits } from './limits.js';
import { PartitionedWrites } from './partitioned-writes.js';
import { numberOf, readRow, readRows, textOf } from './read-rows.js';
import type { SharedFacts, StoreFacts } from './store-facts.js';
import { wipeHistory } from './wipe-history.js';
import { AmendmentTimestamps, timestampOf } from './write-timestamps.js';

export interface CassandraHistoryDeps {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly facts: SharedFacts;
  /** The epoch that batches belong to whose partition has not asked for its checkpoint yet. */
  readonly epoch: string;
  /** Pause of a wipe in which other processes notice it, in milliseconds. */
  readonly wipeQuietMs: number;
  readonly close: () => Promise<void>;
}

/** The history in Cassandra; see the package's README for the rules that its writes follow. */
export class CassandraHistoryStore implements HistoryStore {
  readonly #deps: CassandraHistoryDeps;
  readonly #client: Client;
  readonly #written = new WrittenColumns();
  readonly #amendments = new AmendmentTimestamps();
  /** The epoch in which a partition asked for its checkpoint. */
  readonly #begun = new Map<number, string>();
  readonly #underWay = new Set<Promise<void>>();
  #finishing: Promise<void> | undefined;

  constructor(deps: CassandraHistoryDeps) {
    this.#deps = deps;
    this.#client = deps.client;
  }

  async epoch(): Promise<string> {
    return (await this.#deps.facts.current()).epoch;
  }

  /** Waits while another process wipes the history, and goes on where one has died on the way. */
  async checkpoint(partition: number): Promise<HistoryCheckpoint | undefined> {
    const facts = await this.#wipedFacts();
    if (facts.epoch !== this.#epochOf(partition)) {
      this.#written.clear();
      this.#amendments.clear();
    }
    const checkpoint = (await this.#checkpoints(facts)).get(partition);
    this.#begun.set(partition, facts.epoch);
    return checkpoint;
  }

  async checkpoints(): Promise<ReadonlyMap<number, HistoryCheckpoint>> {
    return this.#checkpoints(await this.#deps.facts.current());
  }

  apply(partition: number, batch: HistoryBatch): Promise<void> {
    return this.#track(this.#apply(partition, batch));
  }

  amend(partition: number, rows: HistoryAmendment): Promise<void> {
    return this.#track(this.#amend(partition, rows));
  }

  /** Takes some seconds, so that every process has noticed before a table is emptied; all nodes must be up. */
  wipe(): Promise<void> {
    return this.#wipe(false);
  }

  /**
   * Does nothing: what was replaced or deleted stays in Cassandra's files until it compacts them, tombstones for
   * `gc_grace_seconds` (ten days) at least. Whoever must be sure runs, on every node in turn, `nodetool garbagecollect
   * -g CELL <keyspace> messages details conversations`, after `gc_grace_seconds` `nodetool compact` for the same tables,
   * and `nodetool clearsnapshot` for what TRUNCATE and backups have kept.
   */
  async compact(): Promise<void> {}

  async conversation(app: string, conversation: string): Promise<ConversationRow | undefined> {
    const row = await readRow(this.#client, cql.selectConversation, [app, conversation]);
    return row === undefined ? undefined : conversationOf(row);
  }

  /** By token: each node's conversations lie together. */
  async allConversations({
    after,
    limit,
  }: {
    readonly after?: ConversationKey;
    readonly limit: number;
  }): Promise<readonly ConversationRow[]> {
    if (after === undefined) return (await readRows(this.#client, cql.selectConversations, [limit])).map(conversationOf);
    const { app, conversation } = after;
    const rows = await readRows(this.#client, cql.selectConversationsFrom, [app, conversation, limit + 1]);
    const behind = rows.map(conversationOf).filter((row) => row.app !== app || row.conversation !== conversation);
    return behind.slice(0, limit);
  }

  async detail({ app, space, key }: DetailKey): Promise<Uint8Array | undefined> {
    const row = await readRow(this.#client, cql.selectDetail, [app, space, key]);
    return row?.get('value') ?? undefined;
  }

  async details(app: string, space: string, range: DetailRange): Promise<readonly DetailRow[]> {
    return readDetails(this.#client, { app, space }, range);
  }

  async events(app: string, conversation: string, range: EventRange): Promise<readonly EventRow[]> {
    return readEvents({ client: this.#client, app, conversation }, range);
  }

  async findSend(app: string, conversation: string, sender: string, clientMsgId: string): Promise<SendRow | undefined> {
    const row = await readRow(this.#client, cql.selectSend, [app, conversation, sender, clientMsgId]);
    if (row === undefined) return undefined;
    const timeMs = numberOf(row, 'time_ms');
    if (timeMs < this.#deps.clock.now() - storeLimits.sendsKeptMs) return undefined;
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
    await this.#deps.close();
  }

  async #apply(partition: number, batch: HistoryBatch): Promise<void> {
    await this.#factsOf(partition);
    // A head must not be seen before the events below it, and a checkpoint must not cover a row that is not there.
    await rowsOf(batch, this.#deps.clock).write(this.#client);
    await headsOf(batch, this.#written).write(this.#client);
    this.#written.keep(batch.conversations);
    const { checkpointStore } = await this.#factsOf(partition);
    const checkpoint = new PartitionedWrites();
    const { position, tail, timeMs } = batch.checkpoint;
    checkpoint.add(cql.insertCheckpoint, 'history_checkpoints', [
      checkpointStore,
      partition,
      ...[position.offset, position.fence, position.index, tail.offset, tail.fence, tail.index, timeMs].map(BigInt),
      timestampOf(position.offset),
    ]);
    await checkpoint.write(this.#client);
    this.#amendments.applied(partition, batch);
  }

  async #amend(partition: number, { events, conversations, details }: HistoryAmendment): Promise<void> {
    const facts = await this.#factsOf(partition);
    const timestamp = await this.#amendments.next(partition, {
      client: this.#client,
      store: facts.checkpointStore,
      appliedRecords: async () => (await this.#checkpoints(facts)).get(partition)?.position.offset ?? 0,
    });
    const changes = await Promise.all(
      conversations.map(async (row) => ({ row, before: await this.conversation(row.app, row.conversation) })),
    );
    const rows = new PartitionedWrites();
    addEvents(rows, events, timestamp);
    addDetails(rows, details, timestamp);
    await rows.write(this.#client);
    const current = changes.filter(({ row, before }) => before === undefined || !isOutdated(row, before));
    const heads = new PartitionedWrites();
    for (const change of current) addRetirement(heads, change, timestamp);
    addConversations(heads, { rows: current.map(({ row }) => row), written: this.#written }, timestamp);
    await heads.write(this.#client);
    this.#written.keep(current.map(({ row }) => row));
  }

  async #wipe(isFinishing: boolean): Promise<void> {
    await wipeHistory({
      ...this.#deps,
      isFinishing,
      settled: async () => {
        await Promise.allSettled(this.#underWay);
      },
    });
  }

  /** The facts once nobody is wiping. */
  async #wipedFacts(): Promise<StoreFacts> {
    const facts = await this.#deps.facts.fresh();
    if (!facts.isWiping) return facts;
    this.#finishing ??= this.#wipe(true).finally(() => {
      this.#finishing = undefined;
    });
    await this.#finishing;
    return this.#deps.facts.fresh();
  }

  /** The facts that a partition's writes go by; throws when they come from before a wipe. */
  async #factsOf(partition: number): Promise<StoreFacts> {
    const facts = await this.#deps.facts.current();
    if (facts.isWiping || facts.epoch !== this.#epochOf(partition)) throw new HistoryWipedError(partition);
    return facts;
  }

  #epochOf(partition: number): string {
    return this.#begun.get(partition) ?? this.#deps.epoch;
  }

  async #checkpoints({ checkpointStore }: StoreFacts): Promise<ReadonlyMap<number, HistoryCheckpoint>> {
    const rows = await readRows(this.#client, cql.selectCheckpoints, [checkpointStore]);
    // A partition that was amended, but has applied nothing, has a row without a checkpoint.
    const applied = rows.filter((row) => row.get('log_offset') !== null);
    return new Map(applied.map((row): [number, HistoryCheckpoint] => [row.get('log_partition'), checkpointOf(row)]));
  }

  async #track(work: Promise<void>): Promise<void> {
    this.#underWay.add(work);
    try {
      await work;
    } finally {
      this.#underWay.delete(work);
    }
  }
}

const isOutdated = (row: ConversationRow, before: ConversationRow): boolean =>
  row.headSeq < before.headSeq || row.membershipVersion < before.membershipVersion;

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
