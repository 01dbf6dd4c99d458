import { type MessageState, Removal } from '@parley/wire';
import { removedState } from './fold-message.js';

/**
 * Whether there is still something to see for this viewer (empty: the back end) of a message that has become `state`:
 * not removed, not expired, and not meant for others only. What else a viewer may see (membership, cleared or hidden
 * messages) is not the message's matter.
 */
export function isVisible(state: MessageState | undefined, viewer: string, nowMs: number): boolean {
  if (state === undefined) return true;
  if (state.removal !== Removal.UNSPECIFIED || isExpired(state, nowMs)) return false;
  return viewer === '' || state.onlyTo.length === 0 || state.onlyTo.includes(viewer);
}

/** Whether the time of the message is over. */
export const isExpired = ({ expiresMs }: MessageState, nowMs: number): boolean => expiresMs > 0 && expiresMs <= nowMs;

/** The state with its expiry carried out, where it is due: the version stays, because it follows from the time alone. */
export function expireMessage(state: MessageState, nowMs: number): MessageState {
  if (state.removal !== Removal.UNSPECIFIED || !isExpired(state, nowMs)) return state;
  return removedState(state, Removal.EXPIRED, { user: '', reason: '', timeMs: state.expiresMs });
}
