import { encodeOwnedRecord, OwnedRecordKind, type InputPositionInit, type SnapshotPartInit } from '@parley/contracts/events';
import type { NewRecord } from '@parley/eventlog';
import type { OwnedDraft } from './api.js';

/** What distinguishes an owner's next record. */
export interface Stamp {
  readonly fence: number;
  readonly index: number;
  readonly timeMs: number;
}

/** Turns drafts into log records with dense indexes from the stamp's on. */
export function stampDrafts(drafts: readonly OwnedDraft[], { fence, index, timeMs }: Stamp): readonly NewRecord[] {
  const records: NewRecord[] = [];
  let next = index;
  for (const { payload, key, positions } of drafts) {
    const kind = payload.length === 0 ? OwnedRecordKind.POSITION : OwnedRecordKind.DATA;
    const value = { kind, fence, index: next++, positions: positionList(positions), payload, key, timeMs };
    records.push({ value: encodeOwnedRecord(value) });
  }
  return records;
}

/** A part of a snapshot as a log record. */
export function stampPart(snapshot: SnapshotPartInit, positions: ReadonlyMap<string, number> | undefined, stamp: Stamp): NewRecord {
  const { fence, index, timeMs } = stamp;
  const kind = OwnedRecordKind.SNAPSHOT;
  return { value: encodeOwnedRecord({ kind, fence, index, positions: positionList(positions), snapshot, timeMs }) };
}

function positionList(positions: ReadonlyMap<string, number> | undefined): InputPositionInit[] | undefined {
  if (positions === undefined || positions.size === 0) return undefined;
  const list: InputPositionInit[] = [];
  for (const [source, offset] of positions) list.push({ source, offset });
  return list;
}
