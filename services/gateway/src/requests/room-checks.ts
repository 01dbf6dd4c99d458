import { isRoomId, limits, ParleyError } from '@parley/kernel';
import { HistoryAccess, type RoomOptions } from '@parley/wire';
import { demand } from './request-handler.js';

export function demandRoom(room: string, field = 'room'): void {
  demand(isRoomId(room), `${field}: 1 to 64 of A-Z a-z 0-9 _ - .`);
}

export function demandOptions(options: RoomOptions | undefined): void {
  if (options === undefined) return;
  const { emptyTtlMs, historyAccess } = options;
  demand(emptyTtlMs <= limits.roomEmptyTtlMsMax, `options.empty_ttl_ms: at most ${limits.roomEmptyTtlMsMax}`);
  demand(historyAccess <= HistoryAccess.RECENT, 'options.history_access: FROM_JOIN or RECENT');
}

/** A ban or mute, or its end. */
export function demandDuration(durationMs: number): void {
  demand(durationMs <= limits.roomBanMsMax, `duration_ms: at most ${limits.roomBanMsMax}`);
}

/** What attributes of rooms, or of their members, may be. */
interface AttributeLimits {
  readonly attributesMax: number;
  readonly keyBytesMax: number;
  readonly valueBytesMax: number;
  /** Of keys and values together. */
  readonly bytesMax: number;
}

export const roomAttributeLimits: AttributeLimits = {
  attributesMax: limits.roomAttributesMax,
  keyBytesMax: limits.roomAttributeKeyBytesMax,
  valueBytesMax: limits.roomAttributeValueBytesMax,
  bytesMax: limits.roomAttributesBytesMax,
};

export const memberAttributeLimits: AttributeLimits = {
  attributesMax: limits.memberAttributesMax,
  keyBytesMax: limits.memberAttributeKeyBytesMax,
  valueBytesMax: limits.memberAttributeValueBytesMax,
  bytesMax: Number.POSITIVE_INFINITY,
};

/**
 * What a batch of attributes can break by itself; what is there already is the room's to count. Throws
 * ATTRIBUTE_INVALID, ATTRIBUTE_LIMIT_REACHED, or INVALID_ARGUMENT for a key that comes twice.
 */
export function demandAttributes(
  set: readonly { readonly key: string; readonly value: string }[],
  deleted: readonly string[],
  { attributesMax, keyBytesMax, valueBytesMax, bytesMax }: AttributeLimits,
): void {
  demandAttribute(set.length <= attributesMax, `set: at most ${attributesMax}`, 'ATTRIBUTE_LIMIT_REACHED');
  demandAttribute(deleted.length <= attributesMax, `deleted: at most ${attributesMax}`, 'ATTRIBUTE_LIMIT_REACHED');
  const keys = new Set<string>(deleted);
  let bytes = 0;
  for (const { key, value } of set) {
    keys.add(key);
    const valueBytes = Buffer.byteLength(value);
    bytes += Buffer.byteLength(key) + valueBytes;
    demandAttribute(valueBytes <= valueBytesMax, `value: at most ${valueBytesMax} bytes`);
  }
  for (const key of keys) demandAttribute(isKey(key, keyBytesMax), `key: 1 to ${keyBytesMax} bytes`);
  demand(keys.size === set.length + deleted.length, 'set, deleted: each key once');
  demandAttribute(bytes <= bytesMax, `keys and values: at most ${bytesMax} bytes`, 'ATTRIBUTE_LIMIT_REACHED');
}

export function demandCounter(counter: string, nonce: string): void {
  demand(isKey(counter, limits.counterNameBytesMax), `counter: 1 to ${limits.counterNameBytesMax} bytes`);
  demand(isKey(nonce, limits.clientMsgIdBytesMax), `nonce: 1 to ${limits.clientMsgIdBytesMax} bytes`);
}

const isKey = (key: string, bytesMax: number): boolean => key !== '' && Buffer.byteLength(key) <= bytesMax;

function demandAttribute(
  condition: boolean,
  detail: string,
  error: 'ATTRIBUTE_INVALID' | 'ATTRIBUTE_LIMIT_REACHED' = 'ATTRIBUTE_INVALID',
): void {
  if (!condition) throw new ParleyError(error, detail);
}
