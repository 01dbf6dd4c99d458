import { redact } from '@parley/fold';
import type { ConversationEvent } from '@parley/wire';

/** What is left of an event of an erased user: also reactions, and names in groups, are words of their own. */
export function erasedEvent(event: ConversationEvent): ConversationEvent {
  const redacted = redact(event);
  const { body } = redacted;
  if (body?.type === 'reaction') return { ...redacted, body: undefined };
  const change = body?.type === 'groupChange' ? body.value.change : undefined;
  if (body?.type !== 'groupChange' || change?.type !== 'nickname') return redacted;
  const unnamed = { ...body.value, change: { ...change, value: { ...change.value, nickname: '' } } };
  return { ...redacted, body: { type: 'groupChange', value: unnamed } };
}
