import type { MessageState } from '@parley/wire';
import type { HiddenEvent, Message, MessageDetails, RemovalCause, TimelineEvent } from './events.js';

const causes: readonly (RemovalCause | undefined)[] = [undefined, 'recalled', 'deleted', 'expired', 'erased'];

/** A message's state in the words of the SDK. Own reactions are those that the server names, and those of `self` in sight. */
function detailsOf(state: MessageState, self: string): MessageDetails {
  const cause = causes[state.removal];
  return {
    version: state.version,
    ...(cause && { removed: { cause, by: state.removedBy, reason: state.removalReason, timeMs: state.removedMs } }),
    ...(state.editedMs > 0 && { edited: { by: state.editedBy, timeMs: state.editedMs, seq: state.editSeq } }),
    reactions: state.reactions.map(({ reaction, count, recent }) => {
      return { reaction, count, recent, isOwn: state.ownReactions.includes(reaction) || recent.includes(self) };
    }),
    replyCount: state.replyCount,
    lastReplySeq: state.lastReplySeq,
    ...(state.pinnedMs > 0 && { pinned: { by: state.pinnedBy, timeMs: state.pinnedMs } }),
  };
}

/** The message as it is now: with what it has become, and the mentions that hold. */
export function withState(event: TimelineEvent, state: MessageState, self: string): TimelineEvent {
  if (event.type !== 'message' && event.type !== 'hidden') return event;
  const now: Message | HiddenEvent = { ...event, details: detailsOf(state, self) };
  if (now.type === 'hidden' || !state.isRemention) return now;
  return { ...now, mentions: state.mentions ?? { users: [], isEveryone: false, isSilent: false } };
}
