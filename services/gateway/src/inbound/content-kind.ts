import { ProtobufReader } from '@parley/kernel';
import type { MessageClass } from './rate-limiter.js';

/** Fields of parley.event.v1.Content. */
const lastKind = 12;
const command = 8;
const bullet = 9;
const lengthDelimited = 2;

/**
 * Which rate an encoded content counts for, told from its first tag and nothing else, so that what is refused need not
 * be decoded. Content that is none counts as stored; the check that follows refuses it.
 */
export function messageClassOf(content: Uint8Array): MessageClass {
  const first = content[0] ?? 0;
  const kind = isKind(first) ? first >>> 3 : kindIn(content);
  return kind === bullet ? 'bullet' : kind === command ? 'command' : 'stored';
}

const isKind = (tag: number): boolean => (tag & 7) === lengthDelimited && tag >>> 3 >= 1 && tag >>> 3 <= lastKind;

/** Another field stands before it. */
function kindIn(content: Uint8Array): number {
  try {
    const reader = new ProtobufReader(content);
    while (reader.pos < reader.end) {
      const tag = reader.readTag();
      if (isKind(tag)) return tag >>> 3;
      reader.skip(tag);
    }
  } catch {
    // Not well-formed.
  }
  return 0;
}
