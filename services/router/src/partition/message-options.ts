import type { SendCommand } from '@parley/contracts/events';
import type { TargetFacts } from '@parley/domain';
import type { MessageOptionsInit } from '@parley/wire';
import type { ConversationState } from './conversation-state.js';

/** What goes with a message as it is stored: what the sender said, and what only the server knows. Undefined where nothing does. */
export function optionsOf(
  { options, expiresAfterMs }: SendCommand,
  { state, timeMs, answered }: { readonly state: ConversationState; readonly timeMs: number; readonly answered: TargetFacts | undefined },
): MessageOptionsInit | undefined {
  const lifeMs = expiresAfterMs > 0 ? expiresAfterMs : (state.rules?.destroyAfterMs ?? 0);
  if (lifeMs === 0 && options?.reply === undefined) return options;
  const expiresMs = lifeMs === 0 ? 0 : timeMs + lifeMs;
  if (answered === undefined) return { ...options, expiresMs };
  const reply = { seq: answered.seq, rootSeq: answered.rootSeq === 0 ? answered.seq : answered.rootSeq, sender: answered.sender };
  return { ...options, expiresMs, reply };
}

/** Whether a message counts as unread: not what few see, was imported, or is not to disturb. */
export function isCountable({ options }: SendCommand): boolean {
  return options === undefined || !(options.noUnread || options.onlyTo.length > 0 || options.originalMs > 0);
}

/** Whether a message is there for who wants to answer it; empty: the back end. */
export function isAnswerable({ kind, isRemoved, expiresMs, onlyTo, sender }: TargetFacts, viewer: string, nowMs: number): boolean {
  if (kind === '' || isRemoved || (expiresMs > 0 && expiresMs <= nowMs)) return false;
  return viewer === '' || onlyTo.length === 0 || sender === viewer || onlyTo.includes(viewer);
}
