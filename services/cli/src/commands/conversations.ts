import { systemClock } from '@parley/kernel';
import type { Client, ConversationItem } from '@parley/sdk';
import type { Output } from '../output.js';
import { printable, renderEvent, renderTime } from '../render.js';

export interface ConversationsRequest {
  readonly isUnread?: boolean;
  /** `u` or `g`. */
  readonly type?: string;
  readonly withHidden?: boolean;
}

/** Prints the user's conversations, pinned and newest first. Throws ParleyClientError when it is refused. */
export async function printConversations(client: Client, request: ConversationsRequest, output: Output): Promise<void> {
  let page = '';
  let total = 0;
  do {
    const found = await client.queryConversations({ ...request, page });
    for (const item of found.conversations) output.line(lineOf(item));
    page = found.nextPage;
    total = found.totalUnread;
  } while (page !== '');
  output.note(`${total} unread`);
}

function lineOf({ conversation, unread, mentions, settings, updatedMs, last }: ConversationItem): string {
  const marks = [
    settings.pinnedMs > 0 ? 'pinned' : '',
    settings.mutedUntilMs > systemClock.now() ? 'muted' : '',
    mentions.length > 0 ? 'mentioned' : '',
    settings.isMarkedUnread ? 'marked' : '',
  ].filter((mark) => mark !== '');
  const name = settings.alias === '' ? '' : ` (${printable(settings.alias)})`;
  const newest = last === undefined ? renderTime(updatedMs) : renderEvent(last);
  return `${conversation}${name}  ${unread} unread${marks.length > 0 ? ` [${marks.join(', ')}]` : ''}  ${newest}`;
}
