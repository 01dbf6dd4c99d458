import { type ConversationEvent, createMessageState, type MessageState, type Pin, Removal } from '@parley/wire';
import { removedState } from './fold-message.js';
import { foldReaction } from './fold-reactions.js';

/** Of a message, what an erasure must know. */
export interface ErasedMessage {
  readonly seq: number;
  readonly sender: string;
  /**
   * The erased user's reactions to it. Where the caller does not know them (clients): those that the state names the
   * user for, which may be too few until the state is fetched again.
   */
  readonly reactions?: readonly string[];
}

/**
 * What a message becomes when everything of a user is erased (an `erased` event): their own messages below the event
 * are removed, from others' messages their reactions go. Messages above it, of a new user of that id, stay.
 */
export function foldErasure(state: MessageState | undefined, message: ErasedMessage, event: ConversationEvent): MessageState | undefined {
  const { body } = event;
  if (body?.type !== 'erased' || message.seq >= event.seq || event.seq <= (state?.version ?? 0)) return state;
  const { user } = body.value;
  if (message.sender === user) {
    const before = state ?? createMessageState({ seq: message.seq });
    const isLeft = before.removal === Removal.UNSPECIFIED;
    const after = isLeft ? removedState(before, Removal.ERASED, { user: '', reason: '', timeMs: event.timeMs }) : before;
    return { ...after, removalReason: '', version: event.seq };
  }
  if (state === undefined) return undefined;
  const shown = message.reactions ?? state.reactions.filter(({ recent }) => recent.includes(user)).map(({ reaction }) => reaction);
  if (shown.length === 0) return state;
  const reactions = shown.reduce(
    (left, reaction) => foldReaction(left, user, { seq: message.seq, reaction, isRemoved: true }),
    state.reactions,
  );
  return { ...state, reactions, version: event.seq };
}

/** The pinned messages that an erasure leaves: without those that the user said before it, as far as their senders are known. */
export function erasePins(pins: readonly Pin[], event: ConversationEvent, senderOf: (seq: number) => string | undefined): readonly Pin[] {
  const { body } = event;
  if (body?.type !== 'erased') return pins;
  const left = pins.filter(({ seq }) => seq >= event.seq || senderOf(seq) !== body.value.user);
  return left.length === pins.length ? pins : left;
}
