import type { EventLog } from '@parley/eventlog';
import type { Clock, Random } from '@parley/kernel';
import type { Telemetry } from '@parley/telemetry';
import type { SnapshotPointers } from './snapshot-pointers.js';
import type { SnapshotEntries, SnapshotOptions, SnapshotWriter } from './snapshot-writer.js';

/** Where a filtered read starts or stands: next offset to read, fence in force, last index accepted. */
export interface OwnedPosition {
  readonly offset: number;
  readonly fence: number;
  readonly index: number;
}

/** The beginning of a topic that was never trimmed. */
export const startOfLog: OwnedPosition = { offset: 0, fence: -1, index: 0 };

/** A record that every reader accepts, and accepts once. */
export interface AcceptedRecord {
  readonly offset: number;
  readonly fence: number;
  /** Dense within the partition, from 1. */
  readonly index: number;
  /** When the owner wrote it, milliseconds since 1970 (UTC). */
  readonly timeMs: number;
  /** Empty in records that carry only positions or a part of a snapshot. A view into the stored bytes. */
  readonly payload: Uint8Array;
  /** Aggregate that the payload belongs to; empty where the topic has no snapshots. */
  readonly key: string;
  /** Next offset to consume per input, as far as this record says. */
  readonly positions: ReadonlyMap<string, number>;
}

/** What an owner appends. Without payload it is a position record. */
export interface OwnedDraft {
  readonly payload: Uint8Array;
  readonly key?: string;
  readonly positions?: ReadonlyMap<string, number>;
}

export interface OwnedLogDeps {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly random: Random;
  /** Where retries are reported; default: nowhere. */
  readonly telemetry?: Telemetry;
}

/** Recovery with snapshots: folding starts at the newest complete one. */
export interface SnapshotSource {
  /** The state of an aggregate, as of the records handed over so far. Replaces what the caller has of that key. */
  readonly onState: (key: string, state: Uint8Array) => void;
  /** One for all partitions of a process saves reads; default: a new one. */
  readonly pointers?: SnapshotPointers;
}

export interface RecoverOptions {
  readonly topic: string;
  readonly partition: number;
  /**
   * Where to start folding; default {@link startOfLog}. With `snapshots` the fold starts at the newest
   * snapshot, or here where this is earlier, so that `positions` is complete in any case.
   */
  readonly from?: OwnedPosition;
  /**
   * Called for every accepted record in order, except for parts of snapshots and for records whose effect a
   * snapshot brings. What it throws ends the recovery.
   */
  readonly onRecord: (record: AcceptedRecord) => void;
  readonly snapshots?: SnapshotSource;
  readonly signal: AbortSignal;
}

/** Where a recovery ended. */
export interface Recovered {
  readonly position: OwnedPosition;
  /** Newest position of each input. */
  readonly positions: ReadonlyMap<string, number>;
}

export interface ClaimOptions extends RecoverOptions {
  /**
   * Called as soon as drafts are committed and accepted, before `append` resolves and before anything else is
   * appended. An owner that folds here (and in `onRecord`) always has exactly the state of its log, which is what
   * {@link PartitionOwner.beginSnapshot} asks for. Throwing gives the partition up.
   */
  readonly onAppended?: (drafts: readonly OwnedDraft[], position: OwnedPosition) => void;
}

/** The right to append to a partition, as long as nobody else claims it. */
export interface PartitionOwner {
  readonly topic: string;
  readonly partition: number;
  /** Offset of the claim: unique, and greater than that of every earlier owner. */
  readonly fence: number;
  /** Position behind everything that was folded or appended. */
  readonly position: OwnedPosition;
  /** Newest position of each input, from all records so far. A live view. */
  readonly positions: ReadonlyMap<string, number>;
  /**
   * Appends the drafts in order; resolves once they are committed *and* known to be accepted by every reader,
   * with the position behind them. Retries by itself while that can help; a lost answer never doubles a record.
   * Calls that overlap run one after the other; callers batch, this does not.
   *
   * Rejects with {@link OwnershipLostError} when ownership ended; then the drafts may be in the log, and are
   * accepted only if they were committed before the next claim, whose owner sees them. Rejects with
   * another error (RecordTooLargeError, UnknownTopicError, LogClosedError, …) when nothing was appended and trying
   * again is of no use; the owner stays usable and the next append takes the same indexes.
   */
  append(drafts: readonly OwnedDraft[]): Promise<OwnedPosition>;
  /**
   * Learns about other claims without appending; for owners that answer from their state and append seldom.
   * Rejects like `append`.
   */
  confirm(): Promise<void>;
  /** Starts a snapshot; see {@link SnapshotWriter} for what `entries` must promise. */
  beginSnapshot(entries: SnapshotEntries, options?: SnapshotOptions): SnapshotWriter;
  /** Aborted, with an OwnershipLostError as the reason, when ownership is lost or given up. */
  readonly lost: AbortSignal;
  /** Stops appending; does not tell anybody. */
  release(): void;
}
