import type { ConversationRow, EventRow, MemberRow, PageRequest, SendRow } from '../history-store.js';
import { eventIndex, pageOfTexts } from '../merge-pages.js';

/** Rows of one conversation in memory: all of them in a memory store, those not yet written above a database. */
export class ConversationRows {
  conversation: ConversationRow | undefined;
  /** Ascending by seq. */
  readonly events: EventRow[] = [];
  readonly sends: SendRow[] = [];
  /** Members' rows of older layers do not count any more. */
  isEmptied = false;
  /** Where it stands among others, for whoever keeps them in an order. */
  readonly place: number;
  readonly #members = new Map<string, MemberRow>();

  constructor(place = 0) {
    this.place = place;
  }

  /** A row never goes back: one with a lower head or an older membership is ignored. Events that it does not keep go. */
  setConversation(row: ConversationRow): void {
    const old = this.conversation;
    if (old !== undefined && (row.headSeq < old.headSeq || row.membershipVersion < old.membershipVersion)) return;
    this.conversation = row;
    const { events } = this;
    if (events[0] !== undefined && events[0].seq < row.keptFromSeq) events.splice(0, eventIndex(events, row.keptFromSeq));
  }

  addEvent(row: EventRow): void {
    const { events } = this;
    const last = events.at(-1);
    if (last === undefined || row.seq > last.seq) {
      events.push(row);
      return;
    }
    const at = eventIndex(events, row.seq);
    events.splice(at, events[at]?.seq === row.seq ? 1 : 0, row);
  }

  emptyMembers(): void {
    this.#members.clear();
    this.isEmptied = true;
  }

  setMember(row: MemberRow): void {
    const old = this.#members.get(row.user);
    if (old === undefined || row.version >= old.version) this.#members.set(row.user, row);
  }

  addSend(row: SendRow): void {
    this.sends.push(row);
  }

  member(user: string): MemberRow | undefined {
    return this.#members.get(user);
  }

  allMembers(): Iterable<MemberRow> {
    return this.#members.values();
  }

  members(page: PageRequest): readonly MemberRow[] {
    return pageOfTexts(this.#members.keys(), page).map((user) => this.#members.get(user) as MemberRow);
  }

  /** The newest send with this id; linear, because hardly anybody asks and every message would pay for an index. */
  findSend(sender: string, clientMsgId: string): SendRow | undefined {
    return this.sends.findLast((send) => send.clientMsgId === clientMsgId && send.sender === sender);
  }
}
