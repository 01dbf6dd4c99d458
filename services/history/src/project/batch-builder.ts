import { decodeTimelineBatch, type TimelineEntry } from '@parley/contracts/events';
import type { AcceptedRecord } from '@parley/ownedlog';
import type { ConversationKey, ConversationRow, EventRow, HistoryStore, SendRow, UserConversation } from '@parley/store';
import { type ConversationEvent, decodeConversationEvent, type MembershipChange } from '@parley/wire';
import { historyLimits } from '../limits.js';
import { isOpen, join, leave } from './spans.js';
import type { StagedRows } from './staged-rows.js';

/** Rows that some timeline records lead to. */
export interface ProjectedRows {
  readonly events: EventRow[];
  readonly sends: SendRow[];
  readonly emptied: ConversationKey[];
  readonly memberships: UserConversation[];
  readonly departures: UserConversation[];
}

/** Turns timeline records into rows of the read model. */
export class BatchBuilder {
  readonly rows: ProjectedRows = { events: [], sends: [], emptied: [], memberships: [], departures: [] };
  readonly #store: HistoryStore;
  readonly #staged: StagedRows;

  constructor(store: HistoryStore, staged: StagedRows) {
    this.#store = store;
    this.#staged = staged;
  }

  async add(records: readonly AcceptedRecord[]): Promise<void> {
    for (const record of records) {
      if (record.payload.length === 0) continue;
      for (const entry of decodeTimelineBatch(record.payload).entries) {
        const event = decodeConversationEvent(entry.event);
        const key = `${entry.app}/${event.conversation}`;
        const row = this.#staged.knownConversation(key) ?? (await this.#staged.conversation(entry.app, event.conversation));
        if (event.body?.type === 'membership') await this.#addMembership(entry, event, { row, change: event.body.value });
        else this.#addMessage(entry, event, row);
      }
    }
  }

  #addMessage(entry: TimelineEntry, event: ConversationEvent, row: ConversationRow): void {
    const { app, countable, bodyHash } = entry;
    const { conversation, seq, sender, clientMsgId, messageId, timeMs } = event;
    this.#staged.putConversation({ ...row, headSeq: seq, countable, updatedMs: timeMs });
    this.rows.events.push({ app, conversation, seq, event: entry.event });
    if (clientMsgId !== '') this.rows.sends.push({ app, conversation, sender, clientMsgId, seq, messageId, timeMs, bodyHash });
    // A conversation of two begins with its first message.
    if (seq === 1 && conversation.startsWith('u:')) {
      for (const user of new Set(conversation.slice(2).split('|'))) this.rows.memberships.push({ app, user, conversation });
    }
  }

  async #addMembership(
    entry: TimelineEntry,
    event: ConversationEvent,
    { row, change }: { readonly row: ConversationRow; readonly change: MembershipChange },
  ): Promise<void> {
    const { app } = entry;
    const { conversation, seq, timeMs } = event;
    const headSeq = seq > 0 ? seq : row.headSeq;
    const { version, closed } = change;
    this.#staged.putConversation({
      ...row,
      headSeq,
      countable: entry.countable,
      updatedMs: timeMs,
      membershipVersion: version,
      closed,
    });
    if (seq > 0) this.rows.events.push({ app, conversation, seq, event: entry.event });
    for (const user of change.left) await this.#changeMember({ app, conversation, user, version }, (spans) => leave(spans, headSeq));
    // Whoever joins sees the notice of it, where it has a seq, and what follows.
    const from = seq > 0 ? seq : headSeq + 1;
    for (const user of change.joined) {
      await this.#changeMember({ app, conversation, user, version }, (spans) => join(spans, from));
      this.rows.memberships.push({ app, user, conversation });
    }
    if (closed) await this.#closeAll({ app, conversation, version }, headSeq);
  }

  async #changeMember(
    { app, conversation, user, version }: { app: string; conversation: string; user: string; version: number },
    change: (spans: Parameters<typeof leave>[0]) => ReturnType<typeof leave>,
  ): Promise<void> {
    const member = await this.#staged.member(app, conversation, user);
    if (member.version >= version) return;
    this.#staged.putMember({ ...member, version, spans: change(member.spans) });
  }

  /** Nobody is in a conversation that was closed; a room of the same name starts empty. */
  async #closeAll({ app, conversation, version }: { app: string; conversation: string; version: number }, headSeq: number): Promise<void> {
    const close = (user: string): Promise<void> =>
      this.#changeMember({ app, conversation, user, version }, (spans) => leave(spans, headSeq));
    for (const row of this.#staged.stagedMembersOf(app, conversation)) if (isOpen(row.spans)) await close(row.user);
    for (let after = ''; ; ) {
      const page = await this.#store.members(app, conversation, { limit: historyLimits.memberPage, ...(after === '' ? {} : { after }) });
      for (const row of page) if (isOpen(row.spans)) await close(row.user);
      const last = page.at(-1);
      if (last === undefined || page.length < historyLimits.memberPage) return;
      after = last.user;
    }
  }
}
