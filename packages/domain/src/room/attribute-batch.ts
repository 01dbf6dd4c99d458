import { type Refusal, refusal } from '@parley/kernel';
import type { MemberAttribute } from '@parley/wire';

/** A change of attributes, carried out together or not at all. */
export interface AttributeBatch {
  readonly set: readonly MemberAttribute[];
  readonly deleted: readonly string[];
}

export interface AttributeBounds {
  readonly keyBytesMax: number;
  readonly valueBytesMax: number;
}

/** What is wrong with a batch whatever it is applied to; names the field. An empty one, or a key twice, has no meaning. */
export function refusalOfBatch({ set, deleted }: AttributeBatch, bounds: AttributeBounds): Refusal | undefined {
  if (set.length + deleted.length === 0) return refusal('INVALID_ARGUMENT', 'set, deleted: one of them');
  return refusalOfSet(set, bounds) ?? refusalOfKeys([...set.map(({ key }) => key), ...deleted], set.length, bounds);
}

/** What is wrong with attributes that something starts with. */
export function refusalOfSet(set: readonly MemberAttribute[], bounds: AttributeBounds): Refusal | undefined {
  const { valueBytesMax } = bounds;
  const tooLong = set.findIndex(({ value }) => Buffer.byteLength(value) > valueBytesMax);
  if (tooLong >= 0) return refusal('ATTRIBUTE_INVALID', `set[${tooLong}].value: at most ${valueBytesMax} bytes`);
  return refusalOfKeys(
    set.map(({ key }) => key),
    set.length,
    bounds,
  );
}

function refusalOfKeys(keys: readonly string[], setCount: number, { keyBytesMax }: AttributeBounds): Refusal | undefined {
  const seen = new Set<string>();
  for (const [i, key] of keys.entries()) {
    const field = i < setCount ? `set[${i}].key` : `deleted[${i - setCount}]`;
    if (key === '' || Buffer.byteLength(key) > keyBytesMax) return refusal('ATTRIBUTE_INVALID', `${field}: 1 to ${keyBytesMax} bytes`);
    if (seen.has(key)) return refusal('INVALID_ARGUMENT', `${field}: the same key twice`);
    seen.add(key);
  }
  return undefined;
}
