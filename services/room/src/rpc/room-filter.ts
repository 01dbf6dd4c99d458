import { createRoomFilter, type RoomFilter } from '@parley/contracts/room';
import { ParleyError } from '@parley/kernel';
import { roomLimits } from '../limits.js';

/** The filter of a request; throws INVALID_ARGUMENT for texts that no room has, and for a value without a key. */
export function filterField(filter: RoomFilter | undefined): RoomFilter {
  const { namePrefix, attributeKey, attributeValue } = filter ?? all;
  for (const text of [namePrefix, attributeKey, attributeValue]) {
    if (Buffer.byteLength(text) > roomLimits.filterTextBytesMax) {
      throw new ParleyError('INVALID_ARGUMENT', `filter: texts of at most ${roomLimits.filterTextBytesMax} bytes`);
    }
  }
  if (attributeKey === '' && attributeValue !== '') throw new ParleyError('INVALID_ARGUMENT', 'filter.attribute_key: missing');
  return { namePrefix, attributeKey, attributeValue };
}

const all = createRoomFilter({});
