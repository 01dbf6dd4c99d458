import { decodeTimelineBatch, type TimelineEntry } from '@parley/contracts/events';
import type { AcceptedRecord } from '@parley/ownedlog';
import type { EventRow, HistoryStore, MembershipSpan, SendRow } from '@parley/store';
import { type ConversationEvent, decodeConversationEvent, type MembershipChange } from '@parley/wire';
import { historyLimits } from '../limits.js';
import { isRoom, retireOldEvents } from '../room-window.js';
import { changeOf, conversationAfter, isKnown } from './conversation-after.js';
import { isOpen, join, keepFrom, leave } from './spans.js';
import type { StagedConversation, StagedRows } from './staged-rows.js';

/** Turns timeline records into rows of the read model. */
export class BatchBuilder {
  readonly events: EventRow[] = [];
  readonly sends: SendRow[] = [];
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
        const staged = this.#staged.known(key) ?? (await this.#staged.load(key, entry.app, event.conversation));
        const change = changeOf(event);
        const before = staged.row;
        staged.row = conversationAfter(before, entry, event);
        if (event.seq > 0) this.#addEvent(entry, event, staged);
        if (change !== undefined && !isKnown(before, change)) await changeMembers(staged, change, event.seq);
        if (isRoom(event.conversation)) await retireOldEvents(this.#store, staged, before.updatedMs);
      }
    }
  }

  #addEvent({ app, bodyHash, countable, event: encoded }: TimelineEntry, event: ConversationEvent, staged: StagedConversation): void {
    const { conversation, seq, sender, clientMsgId, messageId, timeMs } = event;
    this.events.push({ app, conversation, seq, event: encoded, countable });
    if (clientMsgId !== '') this.sends.push({ app, conversation, sender, clientMsgId, seq, messageId, timeMs, bodyHash });
    // A conversation of two begins with its first message.
    if (seq === 1 && conversation.startsWith('u:')) for (const user of conversation.slice(2).split('|')) staged.setUser(user, true);
  }
}

/** Costs as much as the change names users, however many members there are; only a closing touches them all. */
async function changeMembers(staged: StagedConversation, change: MembershipChange, seq: number): Promise<void> {
  const { left, joined, version, closed } = change;
  const { conversation, headSeq, keptFromSeq } = staged.row;
  await staged.loadMembers([...left, ...joined]);
  for (const user of left) {
    changeMember(staged, { user, version }, (spans) => leave(spans, headSeq));
    // A group that was left stays in the list, with what was said until then.
    if (isRoom(conversation)) staged.setUser(user, false);
  }
  // Whoever joins sees the notice of it, where it has a seq, and what follows.
  const from = seq > 0 ? seq : headSeq + 1;
  for (const user of joined) {
    changeMember(staged, { user, version }, (spans) => join(keepFrom(spans, keptFromSeq), from));
    staged.setUser(user, true);
  }
  if (closed) await (isRoom(conversation) ? destroy(staged) : dismiss(staged, version));
}

function changeMember(
  staged: StagedConversation,
  { user, version }: { readonly user: string; readonly version: number },
  change: (spans: readonly MembershipSpan[]) => readonly MembershipSpan[],
): void {
  const member = staged.member(user);
  if (member.version < version) staged.putMember({ ...member, version, spans: change(member.spans) });
}

/** Nobody is in a group that was dismissed; those who were keep what they have seen. */
async function dismiss(staged: StagedConversation, version: number): Promise<void> {
  const { headSeq } = staged.row;
  for await (const { user, spans } of staged.everyMember(historyLimits.memberPage)) {
    if (!isOpen(spans)) continue;
    await staged.loadMembers([user]);
    changeMember(staged, { user, version }, (held) => leave(held, headSeq));
  }
}

/** Nothing is left of the members of a room that was destroyed; one of the same name starts empty. */
async function destroy(staged: StagedConversation): Promise<void> {
  for await (const { user, spans } of staged.everyMember(historyLimits.memberPage)) if (isOpen(spans)) staged.setUser(user, false);
  staged.emptyMembers();
}
