import type { Delivery } from '@parley/contracts/router';
import { ProtobufReader } from '@parley/kernel';

/** A transient message may be dropped; a tally may be replaced by a newer one of its room. */
export type Sheddable = 'message' | 'tally';

/** Fields of parley.event.v1.ConversationEvent: content (10) and room_tally (13). */
const contentTag = (10 << 3) | 2;
const tallyTag = (13 << 3) | 2;

/**
 * What may be shed of a delivery, by looking into its event: undefined for what is stored, tells a membership
 * change, or must arrive for other reasons. Content without a seq is a command or a bullet.
 */
export function sheddableOf({ seq, control, event }: Delivery): Sheddable | undefined {
  if (seq > 0 || control !== undefined) return undefined;
  const reader = new ProtobufReader(event);
  while (reader.pos < reader.end) {
    const tag = reader.readTag();
    if (tag === contentTag) return 'message';
    if (tag === tallyTag) return 'tally';
    reader.skip(tag);
  }
  return undefined;
}
