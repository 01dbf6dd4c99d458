import { applyEdit, expireMessage, foldErasure, foldEvents, foldForViewer, isExpired, redact, targetsOf, withheld } from '@parley/fold';
import type { Clock } from '@parley/kernel';
import { type ConversationEvent, type MessageState, Removal } from '@parley/wire';
import type { EventDecoder, Told } from '../event-decoder.js';
import type { TimelineEvent } from '../events.js';
import { withState } from '../message-details.js';

/** Something that is shown in a conversation, and what has become of it. */
export interface MessageRow {
  readonly seq: number;
  readonly source: ConversationEvent;
  /** As the server has it. That the time of a message is over follows from the time alone: it does not stand here. */
  readonly state: MessageState | undefined;
  readonly event: TimelineEvent;
  /** Its time is over. */
  readonly isOver: boolean;
}

/** What is shown in its place: messages, also those that are gone, and who came and went. What was done to messages is shown there. */
const shown: ReadonlySet<TimelineEvent['type']> = new Set<TimelineEvent['type']>([
  'message',
  'hidden',
  'membership',
  'groupChanged',
  'conversationChanged',
]);

interface RowsDeps {
  readonly decoder: EventDecoder;
  readonly clock: Clock;
  self(): string;
}

/** Makes rows of events and lets later events work on them, by the rules of `@parley/fold`. */
export class MessageRows {
  readonly #decoder: EventDecoder;
  readonly #clock: Clock;
  readonly #self: () => string;

  constructor({ decoder, clock, self }: RowsDeps) {
    this.#decoder = decoder;
    this.#clock = clock;
    this.#self = self;
  }

  /** Undefined for what is no row of its own. The row does not hold on to the frame that the event came in. */
  rowOf(told: Told): MessageRow | undefined {
    const { seq, event } = told;
    if (seq === 0 || !shown.has(event.type)) return undefined;
    const source = detached(told.source);
    const state = told.state ?? foldEvents(undefined, seq, [source]);
    const row: MessageRow = { seq, source, state: undefined, event, isOver: false };
    return state === undefined ? row : this.#with(row, state);
  }

  /** The row after an event; the very same when that does not touch it, or is in it already. */
  fold(row: MessageRow, source: ConversationEvent): MessageRow {
    if (!isMessage(row) || isWithheld(row)) return row;
    const { seq, state } = row;
    if (source.body?.type === 'erased') return this.#with(row, foldErasure(state, { seq, sender: row.source.sender }, source));
    if (source.seq === seq || !targetsOf(source).includes(seq)) return row;
    const after = foldForViewer(state, source, { seq, viewer: this.#self() });
    if (after === state) return row;
    const isEdit = source.body?.type === 'edited' && after.editSeq === source.seq && after.removal === Removal.UNSPECIFIED;
    const edited = isEdit && source.body?.type === 'edited' ? applyEdit(row.source, source.body.value.content) : row.source;
    return this.#with({ ...row, source: detached(edited) }, after);
  }

  /** The row with another state. */
  withState(row: MessageRow, state: MessageState | undefined): MessageRow {
    return this.#with(row, state);
  }

  /** The row as it is once its time is over; else the very same. */
  expire(row: MessageRow): MessageRow {
    const isDue = row.state !== undefined && !row.isOver && isExpired(row.state, this.#clock.now());
    return isDue ? this.#with({ ...row, state: undefined }, row.state) : row;
  }

  /** The row of who has deleted it for themselves. */
  withhold(row: MessageRow): MessageRow {
    if (!isMessage(row) || isWithheld(row)) return row;
    const source = withheld(row.source);
    return { seq: row.seq, source, state: undefined, event: this.#decoder.tell(source).event, isOver: false };
  }

  #with(row: MessageRow, state: MessageState | undefined): MessageRow {
    if (state === undefined || state === row.state) return row;
    const now = expireMessage(state, this.#clock.now());
    const isGone = now.removal !== Removal.UNSPECIFIED && row.source.body !== undefined;
    const source = isGone ? redact(row.source) : row.source;
    const event = withState(this.#decoder.tell(source).event, now, this.#self());
    return { seq: row.seq, source, state, event, isOver: now.removal === Removal.EXPIRED };
  }
}

const isMessage = ({ source }: MessageRow): boolean => source.body === undefined || source.body.type === 'content';

/** There is something here that this user does not see. */
export const isWithheld = ({ source }: MessageRow): boolean => source.body === undefined && source.messageId === '';

/** A view into the frame would keep all of it. */
function detached(source: ConversationEvent): ConversationEvent {
  const { body } = source;
  if (body?.type !== 'content' || body.value.length === body.value.buffer.byteLength) return source;
  return { ...source, body: { type: 'content', value: body.value.slice() } };
}
