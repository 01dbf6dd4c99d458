import { emptyBytes } from '@parley/kernel';
import { actSchema, type ConversationEvent, decodeAs } from '@parley/wire';
import { patchOf } from '../codec/all-events.js';
import type { SettingsPatch } from '../events.js';
import type { PendingSend } from '../outbox-store.js';

/** What an act will change of the own settings; undefined for other acts. What is cleared goes when the server says so. */
export function settingsOf({ content }: PendingSend, nowMs: number): SettingsPatch | undefined {
  const { kind } = decodeAs(actSchema, content);
  if (kind?.type !== 'settings') return undefined;
  const { clearedSeq: _, ...patch } = patchOf({ ...kind.value, headSeq: 0 }, nowMs);
  return patch;
}

/** What an act will do to messages, as the event will say it; undefined for acts that do nothing to them. */
export function effectOf({ content }: PendingSend, user: string): ConversationEvent['body'] {
  const { kind } = decodeAs(actSchema, content);
  switch (kind?.type) {
    case 'edit':
      return { type: 'edited', value: { ...kind.value, content: kind.value.content ?? emptyBytes } };
    case 'recall':
      return { type: 'recalled', value: kind.value };
    case 'delete':
      return { type: 'deleted', value: kind.value };
    case 'react':
      return { type: 'reaction', value: kind.value };
    case 'pin':
      return { type: 'pin', value: { ...kind.value, evictedSeq: 0 } };
    case 'hide':
      return { type: 'hidden', value: { user, seqs: kind.value.seqs } };
    default:
      return undefined;
  }
}
