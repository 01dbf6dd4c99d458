import { type Clock, partitionOf } from '@parley/kernel';
import type {
  ConversationKey,
  ConversationRow,
  DetailKey,
  DetailRow,
  EventRange,
  EventRow,
  HistoryCheckpoint,
  MemberRow,
  PageRequest,
  SendRow,
} from '../history-store.js';
import { storeLimits } from '../limits.js';
import type { ConversationRows } from '../memory/conversation-rows.js';
import type { HistoryChanges } from './history-changes.js';
import type { BytesDatabase, LmdbEnvironment } from './lmdb-environment.js';
import type { DetailLayer, PendingRange } from './pending-details.js';
import { RowArena } from './row-arena.js';
import {
  decodeCheckpoint,
  decodeConversation,
  decodeEvent,
  decodeMember,
  decodeSend,
  encodeCheckpoint,
  encodeConversation,
  encodeEvent,
  encodeMember,
  encodeSend,
} from './row-codec.js';
import { RowKey } from './row-key.js';
import { SendDayDatabases } from './send-day-databases.js';

/**
 * Rows of a partition should lie together, because they are written together: a page of the tree is
 * copied once per transaction, however many of its rows change. The store does not know how many
 * partitions there are, but the first byte of a key is the partition that there would be of 256, and
 * that tells the real partitions apart wherever their number is a power of two.
 */
const shards = 256;
const present = Uint8Array.of(1);

/** The history as it lies on disk. Reads are synchronous, each sees one state of the database. */
export class HistoryDatabase {
  readonly #environment: LmdbEnvironment;
  readonly #checkpoints: BytesDatabase;
  readonly #conversations: BytesDatabase;
  readonly #events: BytesDatabase;
  readonly #members: BytesDatabase;
  readonly #memberships: BytesDatabase;
  readonly #details: BytesDatabase;
  readonly #sends: SendDayDatabases;
  readonly #key = new RowKey();
  readonly #arena = new RowArena();

  constructor(environment: LmdbEnvironment, clock: Clock) {
    this.#environment = environment;
    this.#checkpoints = environment.database('checkpoints');
    this.#conversations = environment.database('conversations');
    this.#events = environment.database('events');
    this.#members = environment.database('members');
    this.#memberships = environment.database('memberships');
    this.#details = environment.database('details');
    this.#sends = new SendDayDatabases(environment, clock);
  }

  checkpoints(): Map<number, HistoryCheckpoint> {
    const entries = [...this.#checkpoints.getRange()];
    return new Map(entries.map(({ key, value }) => [Buffer.from(key).readUInt16BE(), decodeCheckpoint(value)]));
  }

  conversation(app: string, conversation: string): ConversationRow | undefined {
    const bytes = this.#conversations.get(this.#conversationKey(app, conversation).prefix());
    return bytes === undefined ? undefined : decodeConversation(app, conversation, bytes);
  }

  events(app: string, conversation: string, range: EventRange): readonly EventRow[] {
    const { limit, backwards } = range;
    const from = Math.min(Math.max(0, Math.floor(range.from)), Number.MAX_SAFE_INTEGER);
    const key = this.#conversationKey(app, conversation);
    if (limit === 1) {
      // Who wants one event mostly wants one that is there, as the newest is: a range costs many times a look-up.
      const bytes = this.#events.get(key.withNumber(from));
      if (bytes !== undefined) return [decodeEvent({ app, conversation, seq: from }, bytes)];
    }
    const start = Uint8Array.from(key.withNumber(from));
    const end = backwards ? key.prefix() : key.prefixEnd();
    const entries = this.#events.getRange({ start, end: Uint8Array.from(end), reverse: backwards, limit });
    return [...entries].map((entry) => decodeEvent({ app, conversation, seq: key.numberOf(entry.key) }, entry.value));
  }

  findSend(app: string, conversation: string, sender: string, clientMsgId: string): SendRow | undefined {
    const key = this.#conversationKey(app, conversation).withTexts(sender, clientMsgId);
    for (const day of this.#sends.newestFirst()) {
      const bytes = day.get(key);
      if (bytes !== undefined) return decodeSend({ app, conversation, sender, clientMsgId }, bytes);
    }
    return undefined;
  }

  member(app: string, conversation: string, user: string): MemberRow | undefined {
    const bytes = this.#members.get(this.#conversationKey(app, conversation).withText(user));
    return bytes === undefined ? undefined : decodeMember({ app, conversation, user }, bytes);
  }

  members(app: string, conversation: string, page: PageRequest): readonly MemberRow[] {
    const key = this.#conversationKey(app, conversation);
    return [...this.#members.getRange(pageRange(key, page))].map((entry) =>
      decodeMember({ app, conversation, user: key.textOf(entry.key) }, entry.value),
    );
  }

  conversationsOf(app: string, user: string, page: PageRequest): readonly string[] {
    const key = this.#key.startPlain().part(app).part(user);
    return [...this.#memberships.getKeys(pageRange(key, page))].map((found) => key.textOf(found));
  }

  /** Conversations in the order of their keys, behind `after`. */
  conversations(after: ConversationKey | undefined, limit: number): readonly ConversationRow[] {
    const behind = after === undefined ? undefined : { start: this.placeOf(after), exclusiveStart: true };
    return [...this.#conversations.getRange({ ...behind, limit })].map((entry) => {
      const [app, conversation] = RowKey.partsOf(entry.key, 1);
      return decodeConversation(app, conversation, entry.value);
    });
  }

  /** What conversations are ordered by, in bytes. */
  placeOf({ app, conversation }: ConversationKey): Uint8Array {
    return Uint8Array.from(this.#conversationKey(app, conversation).prefix());
  }

  detail({ app, space, key }: DetailKey): Uint8Array | undefined {
    return this.#details.get(this.#spaceKey(app, space).withText(key));
  }

  /** Rows within bounds, read one by one. */
  *details(app: string, space: string, { bounds, isBackwards }: PendingRange): Generator<DetailRow, void, undefined> {
    const { low, high, isHighIncluded } = bounds;
    const spaceKey = this.#spaceKey(app, space);
    const prefixLength = spaceKey.prefix().length;
    const first = Uint8Array.from(spaceKey.withText(low));
    const last = high === undefined ? spaceKey.prefixEnd() : Uint8Array.from(spaceKey.withText(high));
    const range = isBackwards
      ? { start: last, exclusiveStart: !isHighIncluded, end: first, inclusiveEnd: true, reverse: true }
      : { start: first, end: last, inclusiveEnd: isHighIncluded };
    for (const entry of this.#details.getRange(range)) {
      yield { app, space, key: RowKey.textBehind(entry.key, prefixLength), value: entry.value };
    }
  }

  /** Writes the changes of several partitions and their checkpoints as one transaction; one at a time. */
  async write(partitions: ReadonlyMap<number, HistoryChanges>): Promise<void> {
    for (const changes of partitions.values()) {
      for (const { writing } of changes.conversations) if (writing !== undefined) this.#sends.prepare(writing.sends);
    }
    const arena = this.#arena;
    arena.reset();
    await this.#environment.transaction(() => {
      for (const [partition, changes] of partitions) this.#put(partition, changes, arena);
      this.#sends.dropExpired();
    });
  }

  #put(partition: number, changes: HistoryChanges, arena: RowArena): void {
    for (const { app, id, writing } of changes.conversations) {
      if (writing !== undefined) this.#putConversation(app, id, writing, arena);
    }
    for (const { app, user, conversation, isMember } of changes.memberships) {
      const key = this.#key.startPlain().part(app).part(user).withText(conversation);
      void (isMember ? this.#memberships.put(key, present) : this.#memberships.remove(key));
    }
    for (const layer of changes.details) this.#putDetails(layer);
    const { checkpoint } = changes;
    if (checkpoint !== undefined) void this.#checkpoints.put(partitionKey(partition), encodeCheckpoint(arena, checkpoint));
  }

  #putDetails({ app, space, rows }: DetailLayer): void {
    const spaceKey = this.#spaceKey(app, space);
    for (const { key, value } of rows.values()) {
      const bytes = spaceKey.withText(key);
      void (value.length === 0 ? this.#details.remove(bytes) : this.#details.put(bytes, value));
    }
  }

  #putConversation(app: string, id: string, rows: ConversationRows, arena: RowArena): void {
    const key = this.#conversationKey(app, id);
    const { conversation } = rows;
    if (conversation !== undefined) {
      void this.#conversations.put(key.prefix(), encodeConversation(arena, conversation));
      if (conversation.keptFromSeq > 1) this.#removeEvents(key, conversation.keptFromSeq);
    }
    for (const row of rows.events) void this.#events.put(key.withNumber(row.seq), encodeEvent(arena, row));
    if (rows.isEmptied) this.#removeMembers(key);
    for (const row of rows.allMembers()) void this.#members.put(key.withText(row.user), encodeMember(arena, row));
    for (const row of rows.sends) {
      const day = this.#sends.of(row);
      if (day !== undefined) void day.put(key.withTexts(row.sender, row.clientMsgId), encodeSend(arena, row));
    }
  }

  /** What was retired before is gone already, so the range holds no more than what was retired since. */
  #removeEvents(key: RowKey, keptFromSeq: number): void {
    const start = Uint8Array.from(key.withNumber(0));
    const end = Uint8Array.from(key.withNumber(keptFromSeq));
    const limit = storeLimits.retiredPerWriteMax;
    for (const found of [...this.#events.getKeys({ start, end, limit })]) void this.#events.remove(found);
  }

  #removeMembers(key: RowKey): void {
    const [start, end] = [Uint8Array.from(key.prefix()), key.prefixEnd()];
    for (const found of [...this.#members.getKeys({ start, end })]) void this.#members.remove(found);
  }

  #spaceKey(app: string, space: string): RowKey {
    return this.#key.startPlain().part(app).part(space);
  }

  #conversationKey(app: string, conversation: string): RowKey {
    return this.#key
      .start(partitionOf(app, conversation, shards))
      .part(app)
      .part(conversation);
  }
}

/** Keys behind `after` within the prefix: nothing sorts between a text and the same text with a zero byte. */
export function pageRange(key: RowKey, page: PageRequest): { start: Uint8Array; end: Uint8Array; limit: number } {
  const { after, limit } = page;
  const start = after === undefined ? key.prefix() : Buffer.concat([key.withText(after), Uint8Array.of(0)]);
  return { start: Uint8Array.from(start), end: key.prefixEnd(), limit };
}

/** Two bytes, most significant first. */
export function partitionKey(partition: number): Uint8Array {
  const key = Buffer.alloc(2);
  key.writeUInt16BE(partition);
  return key;
}
