import type { ErasedUser } from '@parley/contracts/history-rows';
import { type ErasedMessage, foldErasure } from '@parley/fold';
import { createConversationEvent, createMessageState, type MessageState } from '@parley/wire';

/** What a message has become by a user's erasure, also where something later was done to it. */
export function erasedState(state: MessageState | undefined, message: ErasedMessage, { user, seq, timeMs }: ErasedUser): MessageState {
  const version = Math.max(state?.version ?? 0, seq);
  const before = state === undefined ? undefined : { ...state, version: 0 };
  const event = createConversationEvent({ seq, timeMs, body: { type: 'erased', value: { user } } });
  return { ...(foldErasure(before, message, event) ?? createMessageState({ seq: message.seq })), version };
}
