import type { HistoryBatch, HistoryCheckpoint, UserConversation } from '../history-store.js';
import { ConversationRows } from '../memory/conversation-rows.js';
import { NestedMap } from '../memory/nested-map.js';
import { checkKeyPart } from './row-key.js';
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

/** Changes of one partition: the conversations that have any, users' rows of them, and the checkpoint that covers them. */
export class HistoryChanges implements PendingChanges {
  checkpoint: HistoryCheckpoint;
  readonly conversations: PendingConversation[] = [];
  /** In the order in which they happened. */
  readonly memberships: MembershipChange[] = [];
  rowCount = 0;
  byteCount = 0;

  constructor(checkpoint: HistoryCheckpoint) {
    this.checkpoint = checkpoint;
  }
}

/** A row that cannot be written must be refused at the door: later it would hold up every other row. */
function checkIds(batch: HistoryBatch): void {
  for (const row of batch.events) checkKeyPart(row.conversation);
  for (const row of batch.conversations) checkKeyPart(row.conversation);
  for (const row of batch.members) checkKeyPart(row.user);
  for (const row of batch.memberships) checkKeyPart(row.user);
  for (const row of batch.departures) checkKeyPart(row.user);
  for (const row of batch.sends) {
    checkKeyPart(row.sender);
    checkKeyPart(row.clientMsgId);
  }
}

/** All rows above the disk, found by conversation or user. */
export class PendingRows {
  readonly #conversations = new NestedMap<PendingConversation>();
  /** The newest change of each conversation of a user. */
  readonly #memberships = new NestedMap<Map<string, MembershipChange>>();

  conversation(app: string, id: string): readonly ConversationRows[] {
    return this.#conversations.get(app, id)?.layers() ?? [];
  }

  conversationsOf(app: string, user: string): ReadonlyMap<string, MembershipChange> | undefined {
    return this.#memberships.get(app, user);
  }

  /** Throws before it takes anything when an id cannot be part of a key. */
  add(changes: HistoryChanges, batch: HistoryBatch): void {
    checkIds(batch);
    let bytes = 0;
    for (const row of batch.events) {
      this.#rows(changes, row.app, row.conversation).addEvent(row);
      bytes += row.event.length;
    }
    for (const row of batch.conversations) this.#rows(changes, row.app, row.conversation).setConversation(row);
    for (const row of batch.emptied) this.#rows(changes, row.app, row.conversation).emptyMembers();
    for (const row of batch.members) this.#rows(changes, row.app, row.conversation).setMember(row);
    for (const row of batch.sends) this.#rows(changes, row.app, row.conversation).addSend(row);
    for (const row of batch.memberships) this.#addMembership(changes, row, true);
    for (const row of batch.departures) this.#addMembership(changes, row, false);
    const ofUsers = batch.memberships.length + batch.departures.length;
    const rows = batch.events.length + batch.conversations.length + batch.members.length + batch.sends.length + ofUsers;
    changes.rowCount += rows;
    changes.byteCount += bytes + rows * rowBytes;
    changes.checkpoint = batch.checkpoint;
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

  #rows(changes: HistoryChanges, app: string, id: string): ConversationRows {
    const pending = this.#conversations.getOrAdd(app, id, () => new PendingConversation(app, id));
    if (!pending.isDirty) {
      pending.isDirty = true;
      changes.conversations.push(pending);
    }
    return pending.rows;
  }
}
