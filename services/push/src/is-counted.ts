import type { ConversationEvent } from '@parley/wire';

/** Whether an event is a message that counts as unread: no act, no change of a group, nothing that was told or imported quietly. */
export function isCounted({ seq, body, options }: ConversationEvent): boolean {
  if (seq === 0 || body?.type !== 'content') return false;
  return options === undefined || (!options.noUnread && options.onlyTo.length === 0 && options.originalMs === 0);
}
