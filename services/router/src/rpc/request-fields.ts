import { type Conversation, isAppId, isClientMsgId, isUserId, limits, parseConversation, ParleyError } from '@parley/kernel';

/** Checks where a call goes; throws INVALID_ARGUMENT naming the field. */
export function placeOf(app: string, conversation: string): Conversation {
  if (!isAppId(app)) throw new ParleyError('INVALID_ARGUMENT', 'app: 1–64 of A-Z a-z 0-9 _ - .');
  const parsed = parseConversation(conversation);
  if (!parsed.ok) throw ParleyError.of(parsed.error);
  return parsed.value;
}

/** Empty: the back end. */
export function checkSender(sender: string): void {
  if (sender !== '' && !isUserId(sender)) throw new ParleyError('INVALID_ARGUMENT', 'sender: 1–32 of A-Z a-z 0-9 _ - .');
}

/** Empty: none was given. */
export function checkClientMsgId(id: string): void {
  if (id !== '' && !isClientMsgId(id)) {
    throw new ParleyError('INVALID_ARGUMENT', `client_msg_id: at most ${limits.clientMsgIdBytesMax} bytes, none of them zero`);
  }
}

/**
 * Whether the router is to look further back than into its memory for the same: a back end may repeat a call hours later, from a
 * queue that does not know that it does.
 */
export const mayBeRepeated = ({ clientMsgId, isRetry }: { readonly clientMsgId: string; readonly isRetry: boolean }): boolean =>
  isRetry || clientMsgId !== '';
