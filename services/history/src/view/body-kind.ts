import { ProtobufReader } from '@parley/kernel';

const optionsField = 8;
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

/** Whether an encoded event is an act that says whom it is for: acts have no other options. */
export function isNarrowedAct(event: Uint8Array): boolean {
  const reader = new ProtobufReader(event);
  let hasOptions = false;
  while (reader.pos < reader.end) {
    const tag = reader.readTag();
    const field = tag >>> 3;
    if (field > bodyFields.content) return hasOptions;
    if (field === bodyFields.content) return false;
    hasOptions ||= field === optionsField;
    reader.skip(tag);
  }
  return false;
}
