import { type ConversationEvent, createMessageState, type MessageState, Removal } from '@parley/wire';
import { foldReaction } from './fold-reactions.js';
import { targetsOf, threadOf } from './targets-of.js';

/**
 * What message `seq` has become after `event`. An event that is not above `state.version`, or does not touch the
 * message, changes nothing and gives back the very same state: events may come again. They must not be left out: fold
 * every event above the version in the order of seq, or take the state anew. Nothing brings back what was removed.
 */
export function foldMessage(state: MessageState | undefined, seq: number, event: ConversationEvent): MessageState {
  const before = state ?? createMessageState({ seq });
  if (event.seq <= before.version || !targetsOf(event).includes(seq)) return before;
  const change = changeOf(before, event);
  return { ...before, ...change, version: event.seq };
}

/** The same for several events, in order. Undefined where nothing was done to the message. */
export function foldEvents(state: MessageState | undefined, seq: number, events: Iterable<ConversationEvent>): MessageState | undefined {
  let folded = state;
  for (const event of events) if (targetsOf(event).includes(seq)) folded = foldMessage(folded, seq, event);
  return folded;
}

/**
 * {@link foldMessage} as one user sees it: their own reactions are kept as well. For clients, whose states come with
 * `own_reactions` from the server.
 */
export function foldForViewer(state: MessageState | undefined, event: ConversationEvent, of: MessageOfViewer): MessageState {
  const after = foldMessage(state, of.seq, event);
  const { body } = event;
  if (after === state || after.version !== event.seq || body?.type !== 'reaction' || event.sender !== of.viewer) return after;
  if (after.removal !== Removal.UNSPECIFIED) return after;
  const others = after.ownReactions.filter((reaction) => reaction !== body.value.reaction);
  return { ...after, ownReactions: body.value.isRemoved ? others : [...others, body.value.reaction] };
}

export interface MessageOfViewer {
  readonly seq: number;
  readonly viewer: string;
}

/** Which of two states of one message to keep: the later one; of equal ones the one that the server gave last. */
export function laterState(held: MessageState | undefined, given: MessageState | undefined): MessageState | undefined {
  if (held === undefined || given === undefined) return given ?? held;
  return given.version >= held.version ? given : held;
}

/** What a removal leaves: nothing of what was said or added. */
export function removedState(
  state: MessageState,
  removal: Removal,
  by: { readonly user: string; readonly reason: string; readonly timeMs: number },
): MessageState {
  return {
    ...state,
    removal,
    removedBy: by.user,
    removalReason: by.reason,
    removedMs: by.timeMs,
    editedMs: 0,
    editedBy: '',
    editSeq: 0,
    reactions: [],
    ownReactions: [],
    pinnedMs: 0,
    pinnedBy: '',
    mentions: undefined,
    isRemention: false,
  };
}

type Change = Partial<MessageState> | undefined;

function changeOf(state: MessageState, event: ConversationEvent): Change {
  const { body } = event;
  if (body === undefined || body.type === 'content') return changeOfMessage(state, event);
  if (state.removal !== Removal.UNSPECIFIED) return undefined;
  switch (body?.type) {
    case 'edited': {
      const { mentions, isRemention } = body.value;
      const edit = { editedMs: event.timeMs, editedBy: event.sender, editSeq: event.seq };
      return isRemention ? { ...edit, mentions, isRemention } : edit;
    }
    case 'recalled':
      return removedState(state, Removal.RECALLED, { user: event.sender, reason: body.value.reason, timeMs: event.timeMs });
    case 'deleted':
      return removedState(state, Removal.DELETED, { user: event.sender, reason: '', timeMs: event.timeMs });
    case 'reaction':
      return { reactions: foldReaction(state.reactions, event.sender, body.value) };
    case 'pin':
      if (body.value.isRemoved || body.value.seq !== state.seq) return { pinnedMs: 0, pinnedBy: '' };
      // Pinned again it stays where it is, as in the list of pins.
      return state.pinnedMs > 0 ? undefined : { pinnedMs: event.timeMs, pinnedBy: event.sender };
    default:
      return undefined;
  }
}

/** A message with limits of its own, or an answer in the thread that the message began. */
function changeOfMessage(state: MessageState, event: ConversationEvent): Change {
  if (state.seq !== event.seq) {
    return threadOf(event) === state.seq ? { replyCount: state.replyCount + 1, lastReplySeq: event.seq } : undefined;
  }
  const { expiresMs = 0, onlyTo = [] } = event.options ?? {};
  return { expiresMs, onlyTo: onlyTo.length === 0 || event.sender === '' ? onlyTo : [...new Set([...onlyTo, event.sender])] };
}
