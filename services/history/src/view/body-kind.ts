import { ProtobufReader } from '@parley/kernel';

/** Numbers of fields of a ConversationEvent's body. */
export const bodyFields = { none: 0, content: 10, edited: 16 } as const;

/** Field number of what an encoded event carries, 0 where it carries nothing; without decoding it. */
export function bodyFieldOf(event: Uint8Array): number {
  const reader = new ProtobufReader(event);
  while (reader.pos < reader.end) {
    const tag = reader.readTag();
    if (tag >>> 3 >= bodyFields.content) return tag >>> 3;
    reader.skip(tag);
  }
  return bodyFields.none;
}
