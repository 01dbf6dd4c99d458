import { expireMessage, hiddenBySelf, isVisible, redact, withheld } from '@parley/fold';
import type { ErasedUser } from '@parley/contracts/history-rows';
import type { Clock } from '@parley/kernel';
import type { EventRow, HistoryStore } from '@parley/store';
import { type ConversationEvent, decodeConversationEvent, encodeConversationEvent, type MessageState, Removal } from '@parley/wire';
import { historyLimits } from '../limits.js';
import { fromSortable, hiddenSpace, sortable } from '../rows/detail-keys.js';
import type { HeldConversation } from '../rows/held-conversation.js';
import { bodyFieldOf, bodyFields, isNarrowedAct } from './body-kind.js';
import type { Conversations } from './conversations.js';
import type { Entitlement } from './entitlement.js';
import { erasedEvent } from './erased-event.js';
import { erasedState } from './erased-state.js';
import { messageStatesOf, ownReactionsTo } from './message-states.js';
import { statesWithinMembership } from './states-within-membership.js';
import { withoutErasedReactions } from './without-erased-reactions.js';

export interface PresentDeps {
  readonly store: HistoryStore;
  readonly clock: Clock;
  readonly conversations: Conversations;
}

/** One event as a viewer sees it. */
export interface ShownEvent {
  readonly seq: number;
  readonly event: Uint8Array;
  /** What has become of it, where something has. */
  readonly state: MessageState | undefined;
  /** The viewer learns only that there is something: deleted for themselves, meant for others, or said after they had left. */
  readonly isWithheld: boolean;
}

/** Whether it is a message, or was one; what else has lost its body was none. */
export const isMessage = ({ event, state }: ShownEvent): boolean => {
  const field = bodyFieldOf(event);
  return field === bodyFields.content || (field === bodyFields.none && state !== undefined && state.removal !== Removal.UNSPECIFIED);
};

/** Events and states as answers hold them. */
export const answerOf = (shown: readonly ShownEvent[]): { readonly events: Uint8Array[]; readonly states: MessageState[] } => ({
  events: shown.map(({ event }) => event),
  states: shown.flatMap(({ state }) => (state === undefined ? [] : [state])),
});

/**
 * Events as the viewer sees them, in the order given. What nobody has touched passes as it is stored; what was removed,
 * has expired, was erased, hidden by the viewer or is meant for others goes without its words; so does what was put into
 * other words after the viewer had left.
 */
export async function present(
  deps: PresentDeps,
  { held, entitlement }: { readonly held: HeldConversation; readonly entitlement: Entitlement },
  rows: readonly EventRow[],
): Promise<readonly ShownEvent[]> {
  const { store, clock } = deps;
  const { viewer, state } = entitlement;
  if (rows.length === 0) return [];
  const seqs = rows.map(({ seq }) => seq);
  const found = await messageStatesOf(store, held.row, seqs);
  // What a finished erasure has left lies in the store as it is shown.
  const erased = held.details.erased.filter(({ isDone }) => !isDone);
  const isUntouched = found.size === 0 && !state.hasHidden && erased.length === 0;
  if (isUntouched && !rows.some(isActToLookAt)) return rows.map(asStored);
  const unerased = await withoutErasedReactions(store, held, found);
  const { states, reworded } = await statesWithinMembership(store, { held, entitlement }, unerased);
  const [fresh, hidden, own] = await Promise.all([
    freshRows(deps, held, { rows, states }),
    state.hasHidden ? hiddenAmong(store, held, { viewer, seqs }) : none,
    viewer === '' ? noReactions : ownReactionsAmong(store, held, { viewer, states }),
  ]);
  const places = reworded.size === 0 ? hidden : new Set([...hidden, ...reworded]);
  const context = { held, viewer, nowMs: clock.now(), hidden: places, own, erased };
  return Promise.all(
    fresh.map((row) => {
      const shown = show(context, row, states.get(row.seq));
      return shown.isWithheld || bodyFieldOf(row.event) !== bodyFields.edited ? shown : withEdit(deps, context, shown);
    }),
  );
}

const isActToLookAt = ({ event }: EventRow): boolean => bodyFieldOf(event) === bodyFields.edited || isNarrowedAct(event);

const asStored = ({ seq, event }: EventRow): ShownEvent => ({ seq, event, state: undefined, isWithheld: false });

interface ShowContext {
  readonly held: HeldConversation;
  readonly viewer: string;
  readonly nowMs: number;
  /** What the viewer finds an empty place for. */
  readonly hidden: ReadonlySet<number>;
  readonly own: ReadonlyMap<number, readonly string[]>;
  /** Of whom words may still be there. */
  readonly erased: readonly ErasedUser[];
}

const none: ReadonlySet<number> = new Set();
const noReactions: ReadonlyMap<number, readonly string[]> = new Map();

function show(context: ShowContext, { seq, event }: EventRow, state: MessageState | undefined): ShownEvent {
  const { viewer, nowMs, hidden, own, erased } = context;
  const isAct = isNarrowedAct(event);
  if (isForOthers(isAct ? decodeConversationEvent(event).options : state, viewer)) return emptyPlace({ seq, event });
  if (hidden.has(seq)) {
    const left = hiddenBySelf(decodeConversationEvent(event));
    return { seq, event: encodeConversationEvent(left), state: undefined, isWithheld: true };
  }
  if (state === undefined && erased.length === 0) return { seq, event, state, isWithheld: false };
  if (erased.some((user) => seq < user.seq)) {
    const shown = showErased(context, { seq, event: decodeConversationEvent(event) }, state);
    if (shown !== undefined) return shown;
  }
  if (state === undefined) return { seq, event, state, isWithheld: false };
  if (!isVisible(state, viewer, nowMs)) return { seq, event: redacted(event), state: expireMessage(state, nowMs), isWithheld: false };
  const ownReactions = own.get(seq);
  return { seq, event, state: ownReactions === undefined ? state : { ...state, ownReactions }, isWithheld: false };
}

const isForOthers = (meant: { readonly onlyTo: readonly string[] } | undefined, viewer: string): boolean =>
  meant !== undefined && viewer !== '' && meant.onlyTo.length > 0 && !meant.onlyTo.includes(viewer);

/** What is left for those whom something is not meant for. */
const emptyPlace = ({ seq, event }: Pick<ShownEvent, 'seq' | 'event'>): ShownEvent => {
  const left = encodeConversationEvent(withheld(decodeConversationEvent(event)));
  return { seq, event: left, state: undefined, isWithheld: true };
};

/** What a user said who is erased; undefined for what others said. */
function showErased(
  { erased }: ShowContext,
  { seq, event }: { readonly seq: number; readonly event: ConversationEvent },
  state: MessageState | undefined,
): ShownEvent | undefined {
  const erasure = erased.find((user) => user.user === event.sender && seq < user.seq);
  if (erasure === undefined) return undefined;
  const bytes = encodeConversationEvent(erasedEvent(event));
  const isMessage = event.body === undefined ? state !== undefined : event.body.type === 'content';
  if (!isMessage) return { seq, event: bytes, state: undefined, isWithheld: false };
  const after = erasedState(state, { seq, sender: event.sender }, erasure);
  return { seq, event: bytes, state: after, isWithheld: false };
}

/** Without words, unless it is so in the store already. */
const redacted = (event: Uint8Array): Uint8Array =>
  bodyFieldOf(event) === bodyFields.none ? event : encodeConversationEvent(redact(decodeConversationEvent(event)));

/**
 * An edit is kept without its content: the newest one of a message that is still to be seen gets it from there. That of a
 * message for others is for them as well.
 */
async function withEdit(deps: PresentDeps, context: ShowContext, shown: ShownEvent): Promise<ShownEvent> {
  const edit = decodeConversationEvent(shown.event);
  if (edit.body?.type !== 'edited') return shown;
  const { held, viewer, nowMs } = context;
  const { app, conversation } = held.row;
  const { seq } = edit.body.value;
  const state = (await messageStatesOf(deps.store, held.row, [seq])).get(seq);
  if (isForOthers(state, viewer)) return emptyPlace(shown);
  if (state?.editSeq !== edit.seq || !isVisible(state, viewer, nowMs)) return shown;
  const [row] = await deps.store.events(app, conversation, { from: seq, limit: 1, backwards: false });
  if (row?.seq !== seq) return shown;
  const message = decodeConversationEvent(row.event);
  const isErased = held.details.erased.some((user) => user.user === message.sender && seq < user.seq);
  if (message.body?.type !== 'content' || isErased) return shown;
  const value = { ...edit.body.value, content: message.body.value };
  return { ...shown, event: encodeConversationEvent({ ...edit, body: { type: 'edited', value } }) };
}

/** A state that is newer than the conversation was when it was read may belong to an event that was rewritten since. */
async function freshRows(
  { store, conversations }: PresentDeps,
  { row }: HeldConversation,
  { rows, states }: { readonly rows: readonly EventRow[]; readonly states: ReadonlyMap<number, MessageState> },
): Promise<readonly EventRow[]> {
  const isNewer = ({ seq }: EventRow): boolean => (states.get(seq)?.editSeq ?? 0) > row.headSeq;
  if (!rows.some(isNewer)) return rows;
  const { app, conversation } = row;
  await conversations.settled(app, conversation);
  const reread = async (old: EventRow): Promise<EventRow> => {
    if (!isNewer(old)) return old;
    const [found] = await store.events(app, conversation, { from: old.seq, limit: 1, backwards: false });
    return found?.seq === old.seq ? found : old;
  };
  return Promise.all(rows.map(reread));
}

async function hiddenAmong(
  store: HistoryStore,
  { row }: HeldConversation,
  { viewer, seqs }: { readonly viewer: string; readonly seqs: readonly number[] },
): Promise<ReadonlySet<number>> {
  const { app, conversation } = row;
  const space = hiddenSpace(viewer, conversation);
  const [first, last] = [Math.min(...seqs), Math.max(...seqs)];
  if (last - first < historyLimits.detailPage) {
    const rows = await store.details(app, space, { from: sortable(first), limit: last - first + 1 });
    return new Set(rows.map(({ key }) => fromSortable(key)));
  }
  const found = await Promise.all(seqs.map((seq) => store.detail({ app, space, key: sortable(seq) })));
  return new Set(seqs.filter((_, i) => found[i] !== undefined));
}

async function ownReactionsAmong(
  store: HistoryStore,
  { row }: HeldConversation,
  { viewer, states }: { readonly viewer: string; readonly states: ReadonlyMap<number, MessageState> },
): Promise<ReadonlyMap<number, readonly string[]>> {
  const reacted = [...states.values()].filter(({ reactions, removal }) => reactions.length > 0 && removal === Removal.UNSPECIFIED);
  if (reacted.length === 0) return noReactions;
  const seqs = reacted.map(({ seq }) => seq);
  return ownReactionsTo(store, { ...row, user: viewer }, seqs);
}
