import { type Clock, type Random, randomId } from '@parley/kernel';
import { boundsOf, pageOfDetails } from '../detail-range.js';
import type {
  ConversationKey,
  ConversationRow,
  DetailKey,
  DetailRange,
  DetailRow,
  EventRange,
  EventRow,
  HistoryAmendment,
  HistoryBatch,
  HistoryCheckpoint,
  HistoryStore,
  MemberRow,
  PageRequest,
  SendRow,
  UserConversation,
} from '../history-store.js';
import { pageOfTexts, sliceEvents } from '../merge-pages.js';
import { isReplay } from '../replay.js';
import { WipeGuard } from '../wipe-guard.js';
import { ConversationRows } from './conversation-rows.js';
import { DetailRows } from './detail-rows.js';
import { NestedMap } from './nested-map.js';
import { SendDays } from './send-days.js';

export interface MemoryHistoryStoreOptions {
  readonly clock: Clock;
  readonly random: Random;
}

/** A history that lives as long as the process: for tests, and for deployments that may forget. */
export function createMemoryHistoryStore(options: MemoryHistoryStoreOptions): HistoryStore {
  return new MemoryHistoryStore(options);
}

/** Everything that a wipe forgets. */
class MemoryRows {
  readonly epoch: string;
  readonly checkpoints = new Map<number, HistoryCheckpoint>();
  readonly conversations = new NestedMap<ConversationRows>();
  /** In the order in which they came; only ever appended to. */
  readonly order: (ConversationKey & { readonly rows: ConversationRows })[] = [];
  readonly memberships = new NestedMap<Set<string>>();
  readonly sends: SendDays;
  readonly spaces = new NestedMap<DetailRows>();

  constructor({ clock, random }: MemoryHistoryStoreOptions) {
    this.epoch = randomId(random);
    this.sends = new SendDays(clock);
  }

  add(batch: HistoryBatch): void {
    this.amend(batch);
    for (const row of batch.emptied) this.#conversation(row).emptyMembers();
    for (const row of batch.members) this.#conversation(row).setMember(row);
    for (const row of batch.sends) this.sends.add(row);
    for (const row of batch.memberships) {
      this.memberships.getOrAdd(row.app, row.user, () => new Set()).add(row.conversation);
    }
    for (const row of batch.departures) this.#depart(row);
  }

  amend({ events, conversations, details }: HistoryAmendment): void {
    for (const row of events) this.#conversation(row).addEvent(row);
    for (const row of conversations) this.#conversation(row).setConversation(row);
    for (const row of details) this.#setDetail(row);
  }

  #conversation({ app, conversation }: ConversationKey): ConversationRows {
    return this.conversations.getOrAdd(app, conversation, () => {
      const rows = new ConversationRows(this.order.length);
      this.order.push({ app, conversation, rows });
      return rows;
    });
  }

  #setDetail(row: DetailRow): void {
    if (row.value.length > 0) {
      this.spaces.getOrAdd(row.app, row.space, () => new DetailRows()).set(row);
      return;
    }
    const space = this.spaces.get(row.app, row.space);
    space?.remove(row.key);
    if (space?.size === 0) this.spaces.delete(row.app, row.space);
  }

  #depart({ app, user, conversation }: UserConversation): void {
    const held = this.memberships.get(app, user);
    if (held?.delete(conversation) === true && held.size === 0) this.memberships.delete(app, user);
  }
}

class MemoryHistoryStore implements HistoryStore {
  readonly #options: MemoryHistoryStoreOptions;
  readonly #guard = new WipeGuard();
  #rows: MemoryRows;

  constructor(options: MemoryHistoryStoreOptions) {
    this.#options = options;
    this.#rows = new MemoryRows(options);
  }

  async epoch(): Promise<string> {
    return this.#rows.epoch;
  }

  async checkpoint(partition: number): Promise<HistoryCheckpoint | undefined> {
    this.#guard.begin(partition);
    return this.#rows.checkpoints.get(partition);
  }

  async checkpoints(): Promise<ReadonlyMap<number, HistoryCheckpoint>> {
    return new Map(this.#rows.checkpoints);
  }

  async apply(partition: number, batch: HistoryBatch): Promise<void> {
    this.#guard.check(partition);
    const { checkpoints } = this.#rows;
    if (isReplay(checkpoints.get(partition), batch)) return;
    this.#rows.add(batch);
    checkpoints.set(partition, batch.checkpoint);
  }

  async amend(partition: number, rows: HistoryAmendment): Promise<void> {
    this.#guard.check(partition);
    this.#rows.amend(rows);
  }

  async wipe(): Promise<void> {
    this.#rows = new MemoryRows(this.#options);
    this.#guard.wiped();
  }

  /** What is replaced in memory is gone. */
  async compact(): Promise<void> {}

  async conversation(app: string, conversation: string): Promise<ConversationRow | undefined> {
    return this.#rows.conversations.get(app, conversation)?.conversation;
  }

  async allConversations({
    after,
    limit,
  }: {
    readonly after?: ConversationKey;
    readonly limit: number;
  }): Promise<readonly ConversationRow[]> {
    const { order, conversations } = this.#rows;
    const page: ConversationRow[] = [];
    const last = after === undefined ? undefined : conversations.get(after.app, after.conversation);
    for (let i = last === undefined ? 0 : last.place + 1; i < order.length && page.length < limit; i++) {
      const row = order[i]?.rows.conversation;
      if (row !== undefined) page.push(row);
    }
    return page;
  }

  async events(app: string, conversation: string, range: EventRange): Promise<readonly EventRow[]> {
    return sliceEvents(this.#rows.conversations.get(app, conversation)?.events ?? [], range);
  }

  async findSend(app: string, conversation: string, sender: string, clientMsgId: string): Promise<SendRow | undefined> {
    return this.#rows.sends.find(app, conversation, sender, clientMsgId);
  }

  async member(app: string, conversation: string, user: string): Promise<MemberRow | undefined> {
    return this.#rows.conversations.get(app, conversation)?.member(user);
  }

  async membersAmong(app: string, conversation: string, users: readonly string[]): Promise<readonly MemberRow[]> {
    const rows = this.#rows.conversations.get(app, conversation);
    return users.map((user) => rows?.member(user)).filter((row) => row !== undefined);
  }

  async members(app: string, conversation: string, page: PageRequest): Promise<readonly MemberRow[]> {
    return this.#rows.conversations.get(app, conversation)?.members(page) ?? [];
  }

  async conversationsOf(app: string, user: string, page: PageRequest): Promise<readonly string[]> {
    return pageOfTexts(this.#rows.memberships.get(app, user) ?? [], page);
  }

  async detail({ app, space, key }: DetailKey): Promise<Uint8Array | undefined> {
    return this.#rows.spaces.get(app, space)?.get(key)?.value;
  }

  async details(app: string, space: string, range: DetailRange): Promise<readonly DetailRow[]> {
    const rows = this.#rows.spaces.get(app, space);
    return rows === undefined ? [] : pageOfDetails(rows.within(boundsOf(range), range.isBackwards === true), range.limit);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
