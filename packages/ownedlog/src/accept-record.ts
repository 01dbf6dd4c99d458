import { decodeOwnedRecord, OwnedRecordKind, type InputPosition, type OwnedRecord, type SnapshotPart } from '@parley/contracts/events';
import type { StoredRecord } from '@parley/eventlog';
import type { AcceptedRecord, OwnedPosition } from './api.js';
import { OwnedLogGapError, OwnedRecordInvalidError, type PartitionName } from './errors.js';

/** What the filter says about a record, and where the reader stands behind it. */
export type Verdict =
  | {
      readonly type: 'accepted';
      readonly position: OwnedPosition;
      readonly record: AcceptedRecord;
      /** In parts of snapshots. */
      readonly snapshot: SnapshotPart | undefined;
    }
  /** A new owner; its fence is the record's offset. */
  | { readonly type: 'claim'; readonly position: OwnedPosition; readonly nonce: string }
  /** Appended under a fence that has ended. */
  | { readonly type: 'foreign'; readonly position: OwnedPosition }
  /** A copy of a record accepted before. */
  | { readonly type: 'duplicate'; readonly position: OwnedPosition };

/**
 * The rule that makes every reader see the same records: it depends on nothing but the log before the record,
 * so a verdict never changes. Throws {@link OwnedLogGapError} when records are missing before this one, and
 * {@link OwnedRecordInvalidError} when the bytes are no owned record.
 */
export function acceptRecord(position: OwnedPosition, stored: StoredRecord, source: PartitionName): Verdict {
  if (stored.offset < position.offset) {
    throw new OwnedLogGapError(source, stored.offset, `offset ${position.offset} or higher must come next`);
  }
  const record = decode(position, stored, source);
  if (record.kind === OwnedRecordKind.CLAIM) {
    return { type: 'claim', position: behind(stored.offset, stored.offset, position.index), nonce: record.nonce };
  }
  if (record.fence !== position.fence) {
    // A fence is the offset of a claim, and nobody stamps it before that claim is in the log.
    if (record.fence > position.fence) throw new OwnedLogGapError(source, stored.offset, `claim ${record.fence} was not seen`);
    return { type: 'foreign', position: behind(stored.offset, position.fence, position.index) };
  }
  if (record.index <= position.index) {
    return { type: 'duplicate', position: behind(stored.offset, position.fence, position.index) };
  }
  if (record.index !== position.index + 1) {
    throw new OwnedLogGapError(source, stored.offset, `index ${record.index} follows ${position.index}`);
  }
  return {
    type: 'accepted',
    position: behind(stored.offset, position.fence, record.index),
    record: accepted(stored.offset, record),
    snapshot: record.snapshot,
  };
}

function decode(position: OwnedPosition, stored: StoredRecord, source: PartitionName): OwnedRecord {
  let cause: unknown;
  try {
    const record = decodeOwnedRecord(stored.value);
    if (record.kind !== OwnedRecordKind.UNSPECIFIED) return record;
    cause = new Error('unknown kind of record');
  } catch (thrown) {
    cause = thrown;
  }
  const after = behind(stored.offset, position.fence, position.index);
  throw new OwnedRecordInvalidError(source, stored.offset, after, cause);
}

const behind = (offset: number, fence: number, index: number): OwnedPosition => ({ offset: offset + 1, fence, index });

function accepted(offset: number, record: OwnedRecord): AcceptedRecord {
  const { fence, index, timeMs, payload, key } = record;
  return { offset, fence, index, timeMs, payload, key, positions: positionMap(record.positions) };
}

const noPositions: ReadonlyMap<string, number> = new Map();

function positionMap(positions: readonly InputPosition[]): ReadonlyMap<string, number> {
  if (positions.length === 0) return noPositions;
  const map = new Map<string, number>();
  for (const { source, offset } of positions) map.set(source, offset);
  return map;
}
