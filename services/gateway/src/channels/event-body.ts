import { ProtobufReader } from '@parley/kernel';

/** Fields of parley.event.v1.ConversationEvent that hold its body; all others have smaller numbers. */
export const bodyFields = { first: 10, roomTally: 13 } as const;

/** Which body an encoded event has; 0 where it has none. Nothing of it is decoded. */
export function bodyFieldOf(event: Uint8Array): number {
  try {
    const reader = new ProtobufReader(event);
    while (reader.pos < reader.end) {
      const tag = reader.readTag();
      if (tag >>> 3 >= bodyFields.first) return tag >>> 3;
      reader.skip(tag);
    }
  } catch {
    // Bytes of another version; they are passed on as they are.
  }
  return 0;
}
