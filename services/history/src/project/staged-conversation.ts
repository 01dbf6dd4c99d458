import { type ConversationDetails, decodeMemberState, encodeConversationDetails } from '@parley/contracts/history-rows';
import type { ConversationRow, DetailRow, EventRow, HistoryStore, MemberRow } from '@parley/store';
import { blockOf, memberStateKey } from '../rows/detail-keys.js';
import type { HeldConversation } from '../rows/held-conversation.js';
import { noState } from '../rows/member-state.js';
import type { ProjectionCache } from './projection-cache.js';
import { StagedBlock } from './staged-block.js';
import type { StagedDetails } from './staged-details.js';
import type { StagedChanges } from './staged-rows.js';
import { StagedState } from './staged-state.js';

/** What the conversations of one batch share. */
export interface StagedBatch {
  readonly store: HistoryStore;
  readonly cache: ProjectionCache;
  readonly details: StagedDetails;
}

/** One conversation and what a batch touches of it. */
export class StagedConversation {
  row: ConversationRow;
  /** In the cache. */
  readonly key: string;
  /** Newest seq that is in the store. */
  readonly storedHeadSeq: number;
  /** Whether this batch has looked for events that are too old. */
  isAgeChecked = false;
  readonly #batch: StagedBatch;
  readonly #storedAsOf: number;
  #details: ConversationDetails;
  #areDetailsChanged = false;
  #last: { readonly seq: number; readonly timeMs: number } | undefined;
  readonly #events = new Map<number, EventRow>();
  readonly #states = new Map<string, StagedState>();
  readonly #blocks = new Map<number, StagedBlock>();
  readonly #stored = new Map<string, MemberRow>();
  readonly #members = new Map<string, MemberRow>();
  /** Rooms: whether the user has the conversation in the end. */
  readonly #users = new Map<string, boolean>();
  #isEmptied = false;

  constructor(batch: StagedBatch, key: string, { row, details }: HeldConversation) {
    this.#batch = batch;
    this.key = key;
    this.row = row;
    this.storedHeadSeq = row.headSeq;
    this.#details = details;
    this.#storedAsOf = details.asOf;
  }

  get details(): ConversationDetails {
    return this.#details;
  }

  /** Changes the details, unless the record at this offset is in them already. */
  changeDetails(offset: number, change: (details: ConversationDetails) => Partial<ConversationDetails> | undefined): void {
    if (offset < this.#storedAsOf) return;
    const changed = change(this.#details);
    if (changed === undefined) return;
    this.#details = { ...this.#details, ...changed, asOf: offset + 1 };
    this.#areDetailsChanged = true;
  }

  /** Notes the newest message; whatever is replayed, it never goes back. */
  noteMessage(seq: number, timeMs: number): void {
    if (seq > (this.#last?.seq ?? this.#details.lastSeq)) this.#last = { seq, timeMs };
  }

  putEvent(row: EventRow): void {
    this.#events.set(row.seq, row);
  }

  /** An event as it is now; undefined where it is not kept. */
  async event(seq: number): Promise<EventRow | undefined> {
    const staged = this.#events.get(seq);
    if (staged !== undefined) return staged;
    const { app, conversation } = this.row;
    const [row] = await this.#batch.store.events(app, conversation, { from: seq, limit: 1, backwards: false });
    return row?.seq === seq ? row : undefined;
  }

  /** A user's state where it needs no look into the store. */
  knownState(user: string): StagedState | undefined {
    const staged = this.#states.get(user);
    if (staged !== undefined) return staged;
    const held = this.#batch.cache.states.get(`${this.key}/${user}`);
    if (held === undefined) return undefined;
    const state = new StagedState(held, true);
    this.#states.set(user, state);
    return state;
  }

  async state(user: string): Promise<StagedState> {
    const known = this.knownState(user);
    if (known !== undefined) return known;
    const { app, conversation } = this.row;
    const value = await this.#batch.store.detail(memberStateKey(app, user, conversation));
    const loaded = this.knownState(user) ?? new StagedState(value === undefined ? noState : decodeMemberState(value), value !== undefined);
    this.#states.set(user, loaded);
    return loaded;
  }

  states(users: readonly string[]): Promise<readonly StagedState[]> {
    return Promise.all(users.map((user) => this.state(user)));
  }

  /** The block that a message lies in. */
  async blockOf(seq: number): Promise<StagedBlock> {
    const block = blockOf(seq);
    const known = this.#blocks.get(block);
    if (known !== undefined) return known;
    const { app, conversation } = this.row;
    const opened = await StagedBlock.open({ ...this.#batch, key: this.key, app, conversation, block });
    const meanwhile = this.#blocks.get(block);
    if (meanwhile !== undefined) return meanwhile;
    this.#blocks.set(block, opened);
    return opened;
  }

  /** Has the rows of these users at hand for `member`. */
  async loadMembers(users: readonly string[]): Promise<void> {
    if (this.#isEmptied) return;
    const unknown = users.filter((user) => !this.#members.has(user) && !this.#stored.has(user));
    if (unknown.length === 0) return;
    const { app, conversation } = this.row;
    for (const row of await this.#batch.store.membersAmong(app, conversation, unknown)) this.#stored.set(row.user, row);
  }

  /** The row of a user whom `loadMembers` was told of. */
  member(user: string): MemberRow {
    const { app, conversation } = this.row;
    return this.#members.get(user) ?? this.#stored.get(user) ?? { app, conversation, user, version: 0, spans: [] };
  }

  putMember(row: MemberRow): void {
    this.#members.set(row.user, row);
  }

  /** Says whether the user has the room; the last word of a batch counts. */
  setUser(user: string, isMember: boolean): void {
    this.#users.set(user, isMember);
  }

  /** Everybody with a row, page by page, at hand for `member`; rows of this batch count more than those of the store. */
  async *everyMember(pageSize: number): AsyncGenerator<MemberRow> {
    const staged = new Map(this.#members);
    yield* staged.values();
    const { app, conversation } = this.row;
    for (let after = '', isLast = this.#isEmptied; !isLast; ) {
      const page = await this.#batch.store.members(app, conversation, { limit: pageSize, ...(after === '' ? {} : { after }) });
      for (const row of page) {
        if (staged.has(row.user)) continue;
        this.#stored.set(row.user, row);
        yield row;
      }
      after = page.at(-1)?.user ?? '';
      isLast = page.length < pageSize;
    }
  }

  /** No row of a member is left. */
  emptyMembers(): void {
    this.#members.clear();
    this.#stored.clear();
    this.#isEmptied = true;
  }

  /** Adds what has changed. */
  collect(into: { [Key in keyof StagedChanges]: StagedChanges[Key][number][] }): void {
    this.#settle();
    const { app, conversation } = this.row;
    into.conversations.push(this.row);
    for (const row of this.#events.values()) into.events.push(row);
    if (this.#isEmptied) into.emptied.push({ app, conversation });
    for (const row of this.#members.values()) into.members.push(row);
    for (const [user, isMember] of this.#users) (isMember ? into.memberships : into.departures).push({ app, user, conversation });
    for (const row of this.#stateRows()) into.details.push(row);
    for (const block of this.#blocks.values()) block.settle();
  }

  /** To be called once the batch is in the store. */
  keep(): void {
    const { conversations, states } = this.#batch.cache;
    conversations.set(this.key, { row: this.row, details: this.#details });
    for (const [user, { state, exists }] of this.#states) if (exists) states.set(`${this.key}/${user}`, state);
    for (const block of this.#blocks.values()) block.keep();
  }

  /** Brings the details into the row. */
  #settle(): void {
    if (this.#last !== undefined && this.#last.seq > this.#details.lastSeq) {
      this.#details = withLast(this.#details, this.#last.seq, this.#last.timeMs);
      this.#areDetailsChanged = true;
    }
    this.#last = undefined;
    if (this.#areDetailsChanged) this.row = { ...this.row, details: encodeConversationDetails(this.#details) };
    this.#areDetailsChanged = false;
  }

  *#stateRows(): Generator<DetailRow> {
    const { app, conversation } = this.row;
    for (const [user, staged] of this.#states) {
      const row = staged.row(app, user, conversation);
      if (row !== undefined) yield row;
    }
  }
}

/** Spelled out: made for every message, where a spread would cost more than all the rest. */
const withLast = (details: ConversationDetails, lastSeq: number, lastMs: number): ConversationDetails => ({
  asOf: details.asOf,
  lastSeq,
  lastMs,
  firstMs: details.firstMs,
  keptCountable: details.keptCountable,
  sweptSeq: details.sweptSeq,
  memberCount: details.memberCount,
  rules: details.rules,
  relation: details.relation,
  cursors: details.cursors,
  profile: details.profile,
  erased: details.erased,
  pins: details.pins,
  everyone: details.everyone,
});
