import { redact } from '@parley/fold';
import type { ConversationEvent } from '@parley/wire';

/** What is left of an event of an erased user: also reactions are words of their own. */
export function erasedEvent(event: ConversationEvent): ConversationEvent {
  const redacted = redact(event);
  return redacted.body?.type === 'reaction' ? { ...redacted, body: undefined } : redacted;
}
