import { conversationOfUsers, isUserId, parseConversation, type UserId } from '@parley/kernel';
import { UsageError } from './output.js';

/** A conversation as people type it: `bob` or `@bob`, `g:team`, `r:live`, `u:alice|bob`. Throws UsageError. */
export function parseConversationArgument(text: string, self: string): string {
  const peer = text.startsWith('@') ? text.slice(1) : text;
  if (isUserId(peer)) return conversationOfUsers(self as UserId, peer);
  const parsed = parseConversation(text);
  if (!parsed.ok) throw new UsageError(`not a conversation: ${text} (bob, g:team, r:live or u:alice|bob)`);
  return parsed.value.id;
}
