import type {
  ConversationKey,
  ConversationRow,
  HistoryAmendment,
  HistoryBatch,
  HistoryCheckpoint,
  UserConversation,
} from '../history-store.js';
import { ConversationRows } from '../memory/conversation-rows.js';
import { NestedMap } from '../memory/nested-map.js';
import { type DetailLayer, PendingDetails } from './pending-details.js';
import { checkDetailKey, checkKeyPart } from './row-key.js';
import type { PendingChanges } from './write-behind.js';

/** What a row costs in memory beside the bytes of its event; an estimate. */
const rowBytes = 200;

/** Rows of a conversation that are not yet on disk. */
export class PendingConversation {
  readonly app: string;
  readonly id: string;
  /** Still growing. */
  rows = new ConversationRows();
  /** Complete, being written. */
  writing: ConversationRows | undefined;
  isDirty = false;

  constructor(app: string, id: string) {
    this.app = app;
    this.id = id;
  }

  /** Newest first. */
  layers(): readonly ConversationRows[] {
    return this.writing === undefined ? [this.rows] : [this.rows, this.writing];
  }
}

/** A user's row of a conversation that comes or goes. */
export interface MembershipChange extends UserConversation {
  readonly isMember: boolean;
}

/** Changes of one partition: the conversations that have any, users' rows of them, details, and the checkpoint that covers them. */
export class HistoryChanges implements PendingChanges {
  /** Missing while they hold nothing but amendments. */
  checkpoint: HistoryCheckpoint | undefined;
  readonly conversations: PendingConversation[] = [];
  /** In the order in which they happened. */
  readonly memberships: MembershipChange[] = [];
  readonly details: DetailLayer[] = [];
  rowCount = 0;
  byteCount = 0;
}

/** A row that cannot be written must be refused at the door: later it would hold up every other row. */
function checkIds(batch: HistoryBatch): void {
  for (const row of batch.members) checkKeyPart(row.user);
  for (const row of batch.memberships) checkKeyPart(row.user);
  for (const row of batch.departures) checkKeyPart(row.user);
  for (const row of batch.sends) {
    checkKeyPart(row.sender);
    checkKeyPart(row.clientMsgId);
  }
}

function checkAmendment({ events, conversations, details }: HistoryAmendment): void {
  for (const row of events) checkKeyPart(row.conversation);
  for (const row of conversations) checkKeyPart(row.conversation);
  for (const row of details) checkDetailKey(row);
}

/** All rows above the disk, found by conversation or user. */
export class PendingRows {
  readonly details = new PendingDetails();
  readonly #conversations = new NestedMap<PendingConversation>();
  /** The newest change of each conversation of a user. */
  readonly #memberships = new NestedMap<Map<string, MembershipChange>>();

  conversation(app: string, id: string): readonly ConversationRows[] {
    return this.#conversations.get(app, id)?.layers() ?? [];
  }

  conversationsOf(app: string, user: string): ReadonlyMap<string, MembershipChange> | undefined {
    return this.#memberships.get(app, user);
  }

  /** The newest rows of conversations that have one. */
  *conversationRows(): Generator<ConversationRow, void, undefined> {
    for (const pending of this.#conversations.values()) {
      const row = newestRow(pending.layers());
      if (row !== undefined) yield row;
    }
  }

  /** Throws before it takes anything when an id cannot be part of a key. */
  add(changes: HistoryChanges, batch: HistoryBatch): void {
    checkIds(batch);
    this.amend(changes, batch);
    for (const row of batch.emptied) this.#rows(changes, row).emptyMembers();
    for (const row of batch.members) this.#rows(changes, row).setMember(row);
    for (const row of batch.sends) this.#rows(changes, row).addSend(row);
    for (const row of batch.memberships) this.#addMembership(changes, row, true);
    for (const row of batch.departures) this.#addMembership(changes, row, false);
    countRows(changes, batch.members.length + batch.sends.length + batch.memberships.length + batch.departures.length, 0);
    changes.checkpoint = batch.checkpoint;
  }

  /** Adds rows without a checkpoint; throws as `add` does. */
  amend(changes: HistoryChanges, rows: HistoryAmendment): void {
    checkAmendment(rows);
    const { events, conversations, details } = rows;
    let bytes = 0;
    for (const row of events) {
      this.#rows(changes, row).addEvent(row);
      bytes += row.event.length;
    }
    for (const row of conversations) {
      this.#rows(changes, row).setConversation(row);
      bytes += row.details.length;
    }
    for (const row of details) {
      const layer = this.details.add(changes, row);
      if (layer !== undefined) changes.details.push(layer);
      bytes += row.value.length;
    }
    countRows(changes, events.length + conversations.length + details.length, bytes);
  }

  freeze(changes: HistoryChanges): void {
    for (const conversation of changes.conversations) {
      conversation.writing = conversation.rows;
      conversation.rows = new ConversationRows();
      conversation.isDirty = false;
    }
  }

  settle(changes: HistoryChanges): void {
    for (const conversation of changes.conversations) {
      conversation.writing = undefined;
      if (!conversation.isDirty) this.#conversations.delete(conversation.app, conversation.id);
    }
    for (const layer of changes.details) this.details.remove(layer);
    for (const change of changes.memberships) {
      const conversations = this.#memberships.get(change.app, change.user);
      // A newer change has taken its place and waits for its own turn.
      if (conversations?.get(change.conversation) !== change) continue;
      conversations.delete(change.conversation);
      if (conversations.size === 0) this.#memberships.delete(change.app, change.user);
    }
  }

  #addMembership(changes: HistoryChanges, { app, user, conversation }: UserConversation, isMember: boolean): void {
    const change = { app, user, conversation, isMember };
    this.#memberships.getOrAdd(app, user, () => new Map()).set(conversation, change);
    changes.memberships.push(change);
  }

  #rows(changes: HistoryChanges, { app, conversation }: ConversationKey): ConversationRows {
    const pending = this.#conversations.getOrAdd(app, conversation, () => new PendingConversation(app, conversation));
    if (!pending.isDirty) {
      pending.isDirty = true;
      changes.conversations.push(pending);
    }
    return pending.rows;
  }
}

/** The conversation's own row in the newest layer that has it. */
export function newestRow(layers: readonly ConversationRows[]): ConversationRow | undefined {
  for (const { conversation } of layers) if (conversation !== undefined) return conversation;
  return undefined;
}

function countRows(changes: HistoryChanges, rows: number, bytes: number): void {
  changes.rowCount += rows;
  changes.byteCount += bytes + rows * rowBytes;
}
