import type { EventLog, StoredRecord } from '@parley/eventlog';
import { acceptRecord } from './accept-record.js';
import type { AcceptedRecord, OwnedPosition } from './api.js';
import type { PartitionName } from './errors.js';

export interface FollowOwnedOptions {
  readonly topic: string;
  readonly partition: number;
  readonly from: OwnedPosition;
  readonly signal: AbortSignal;
  /**
   * What was accepted, and the position behind all that was read: also when nothing was accepted, so that
   * checkpoints move on. The next batch waits for the promise.
   */
  readonly onRecords: (records: readonly AcceptedRecord[], position: OwnedPosition) => void | Promise<void>;
}

/**
 * Follows a partition as every reader sees it. Resolves when the signal is aborted. Rejects with
 * OwnedLogGapError or OwnedRecordInvalidError, after everything before that record was handed over, and with
 * what the log or `onRecords` throws.
 */
export async function followOwned(deps: { readonly log: EventLog }, options: FollowOwnedOptions): Promise<void> {
  const { topic, partition, signal } = options;
  let position = options.from;
  const onRecords = async (stored: readonly StoredRecord[]): Promise<void> => {
    const { accepted, end, failure } = filterBatch(position, stored, options);
    if (end !== position) await options.onRecords(accepted, end);
    position = end;
    if (failure !== undefined) throw failure.error;
  };
  await deps.log.follow(topic, partition, { from: position.offset, signal, onRecords });
}

interface FilteredBatch {
  readonly accepted: readonly AcceptedRecord[];
  readonly end: OwnedPosition;
  /** Why the batch was not read to its end. */
  readonly failure: { readonly error: unknown } | undefined;
}

function filterBatch(from: OwnedPosition, stored: readonly StoredRecord[], source: PartitionName): FilteredBatch {
  const accepted: AcceptedRecord[] = [];
  let end = from;
  try {
    for (const record of stored) {
      const verdict = acceptRecord(end, record, source);
      if (verdict.type === 'accepted') accepted.push(verdict.record);
      end = verdict.position;
    }
    return { accepted, end, failure: undefined };
  } catch (error) {
    return { accepted, end, failure: { error } };
  }
}
