import { overtaken, redact } from '@parley/fold';
import type { ConversationEvent } from '@parley/wire';
import type { Told } from '../event-decoder.js';
import type { KeptEvents } from '../live/covered-by.js';

/** Which messages an event takes away, by seq and sender; undefined for one that takes none. */
export function removedBy({ seq: eventSeq, body }: ConversationEvent): ((seq: number, sender: string) => boolean) | undefined {
  switch (body?.type) {
    case 'recalled':
      return (seq) => seq === body.value.seq;
    case 'deleted': {
      const seqs = new Set(body.value.seqs);
      return (seq) => seqs.has(seq);
    }
    case 'erased':
      return (seq, sender) => seq < eventSeq && sender === body.value.user;
    default:
      return undefined;
  }
}

/** A page without the words of messages that were taken away while it was on its way. */
export function withoutRemoved(page: KeptEvents, heard: readonly Told[]): KeptEvents {
  const removals = heard.map(({ source }) => removedBy(source)).filter((isRemoved) => isRemoved !== undefined);
  if (removals.length === 0) return page;
  const events = page.events.map((told) => ({ ...told, source: removals.reduce(scrubbed, told.source) }));
  return { ...page, events };
}

/** An event without words that are gone: those of a removed message and of its edits. The very same when it has none of them. */
export function scrubbed(source: ConversationEvent, isRemoved: (seq: number, sender: string) => boolean): ConversationEvent {
  const { body, seq, sender } = source;
  if (body?.type === 'content') return isRemoved(seq, sender) ? redact(source) : source;
  if (body?.type !== 'edited' || !isRemoved(body.value.seq, sender)) return source;
  return body.value.content.length === 0 ? source : overtaken(source);
}
