import { decodeTimelineBatch, type TimelineEntry } from '@parley/contracts/events';
import { type ConversationDetails, createConversationDetails } from '@parley/contracts/history-rows';
import type { AcceptedRecord } from '@parley/ownedlog';
import type { ConversationRow, HistoryStore, SendRow } from '@parley/store';
import { overtaken } from '@parley/fold';
import { type ConversationEvent, decodeConversationEvent, encodeConversationEvent } from '@parley/wire';
import { isRoom } from '../view/kept-window.js';
import { retireOldEvents } from './retire-old-events.js';
import { changeOf, conversationAfter, isKnown } from './conversation-after.js';
import type { EntryContext } from './entry-context.js';
import { projectEdit, projectPin, projectReaction, projectRemoval } from './project-act.js';
import { projectMembers, projectStays } from './project-membership.js';
import { beginPair, isPlainMessage, projectMessage, projectPlainMessage } from './project-message.js';
import { projectCursor, projectHidden, projectSettings } from './project-own-view.js';
import { projectErasure, projectRelation, projectReport } from './project-people.js';
import { readAhead } from './read-ahead.js';
import type { StagedConversation } from './staged-conversation.js';
import type { StagedRows } from './staged-rows.js';

interface Decoded {
  readonly entry: TimelineEntry;
  readonly event: ConversationEvent;
  readonly offset: number;
}

/** Turns timeline records into rows of the read model. */
export class BatchBuilder {
  readonly sends: SendRow[] = [];
  readonly #partition: number;
  readonly #store: HistoryStore;
  readonly #staged: StagedRows;

  constructor(partition: number, store: HistoryStore, staged: StagedRows) {
    this.#partition = partition;
    this.#store = store;
    this.#staged = staged;
  }

  async add(records: readonly AcceptedRecord[]): Promise<void> {
    const entries = records.flatMap(decodeRecord);
    const conversations = await this.#prepare(entries);
    for (const [i, decoded] of entries.entries()) {
      const { app } = decoded.entry;
      const { conversation } = decoded.event;
      const staged = conversations[i] ?? (await this.#staged.load(app, conversation));
      // Nearly all are plain messages, and promises would cost more than they do.
      const adding = this.#add(decoded, staged);
      if (adding !== undefined) await adding;
    }
  }

  /**
   * Reads at once what a store far away would be asked for one by one: conversations, and what their events are about.
   * Resolves with the conversations of the entries.
   */
  async #prepare(entries: readonly Decoded[]): Promise<readonly (StagedConversation | undefined)[]> {
    const rows = this.#staged;
    let conversations = entries.map(({ entry, event }) => rows.known(entry.app, event.conversation));
    if (conversations.includes(undefined)) {
      const loading = entries.map(({ entry, event }, i) => conversations[i] ?? rows.load(entry.app, event.conversation));
      conversations = await Promise.all(loading);
    }
    const reads: Promise<unknown>[] = [];
    for (const [i, { event }] of entries.entries()) {
      const staged = conversations[i];
      if (staged !== undefined) readAhead(staged, event, reads);
    }
    if (reads.length > 0) await Promise.all(reads);
    return conversations;
  }

  /** Undefined when nothing had to be waited for. */
  #add({ entry, event, offset }: Decoded, staged: StagedConversation): Promise<void> | undefined {
    const before = staged.row;
    staged.row = conversationAfter(before, entry, event);
    if (event.seq > 0) this.#addEvent(entry, event, staged);
    if (isPlainMessage(entry, event) && projectPlainMessage({ entry, event, offset, staged })) return undefined;
    return this.#addChanges({ entry, event, offset }, staged, before);
  }

  async #addChanges({ entry, event, offset }: Decoded, staged: StagedConversation, before: ConversationRow): Promise<void> {
    const { seq, conversation } = event;
    const change = changeOf(event);
    if (change !== undefined && !isKnown(before, change)) await projectMembers(staged, change, seq);
    const context = { entry, event, offset, partition: this.#partition, staged, details: this.#staged.details };
    if (seq === 1) await begin(context);
    if (entry.rules !== undefined) staged.changeDetails(offset, () => ({ rules: entry.rules }));
    if (entry.relation !== undefined) projectRelation(context, entry.relation);
    if (entry.profile !== undefined) staged.changeDetails(offset, () => ({ profile: entry.profile }));
    await projectBody(context);
    if (!isRoom(conversation)) return;
    if (change?.closed === true) staged.changeDetails(offset, (details) => afterRoom(details, event, staged.row.headSeq));
    await retireOldEvents(this.#store, staged, before.updatedMs);
  }

  #addEvent({ app, bodyHash, countable, event: encoded }: TimelineEntry, event: ConversationEvent, staged: StagedConversation): void {
    const { conversation, seq, sender, clientMsgId, messageId, timeMs, body } = event;
    const kept = body?.type === 'edited' ? encodeConversationEvent(overtaken(event)) : encoded;
    staged.putEvent({ app, conversation, seq, event: kept, countable });
    if (clientMsgId !== '') this.sends.push({ app, conversation, sender, clientMsgId, seq, messageId, timeMs, bodyHash });
  }
}

function decodeRecord({ payload, offset }: AcceptedRecord): readonly Decoded[] {
  if (payload.length === 0) return [];
  return decodeTimelineBatch(payload).entries.map((entry) => ({ entry, event: decodeConversationEvent(entry.event), offset }));
}

/** A room of the same name inherits nothing; what is replayed of the old one stays below the head. */
const afterRoom = ({ sweptSeq }: ConversationDetails, { timeMs }: ConversationEvent, lastSeq: number): ConversationDetails =>
  createConversationDetails({ sweptSeq, lastSeq, lastMs: timeMs });

/** The first event of a conversation. */
async function begin(context: EntryContext): Promise<void> {
  const { event, offset, staged } = context;
  staged.changeDetails(offset, () => ({ firstMs: event.timeMs }));
  await beginPair(context);
}

async function projectBody(context: EntryContext): Promise<void> {
  const { body, seq } = context.event;
  switch (body?.type) {
    case 'content':
      return seq > 0 ? projectMessage(context) : undefined;
    case 'membership':
      return projectStays(context, body.value);
    case 'edited':
      return projectEdit(context, body.value);
    case 'recalled':
      return projectRemoval(context, [body.value.seq]);
    case 'deleted':
      return projectRemoval(context, body.value.seqs);
    case 'reaction':
      return projectReaction(context, body.value);
    case 'pin':
      return projectPin(context, body.value);
    case 'erased':
      return projectErasure(context, body.value);
    case 'cursor':
      return projectCursor(context, body.value);
    case 'settings':
      return projectSettings(context, body.value);
    case 'hidden':
      return projectHidden(context, body.value);
    case 'reported':
      return projectReport(context, body.value);
    default:
      return undefined;
  }
}
