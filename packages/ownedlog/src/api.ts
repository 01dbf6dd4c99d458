import type { Clock, Random } from '@parley/kernel';
import type { EventLog } from '@parley/eventlog';

/** Where a filtered read starts or stands: next offset to read, fence in force, last index accepted. */
export interface OwnedPosition {
  readonly offset: number;
  readonly fence: number;
  readonly index: number;
}

/** The beginning of a topic. */
export const startOfLog: OwnedPosition = { offset: 0, fence: -1, index: 0 };

/** A record that every reader accepts, and accepts once. */
export interface AcceptedRecord {
  readonly offset: number;
  readonly fence: number;
  readonly index: number;
  readonly timeMs: number;
  /** Empty in records that only carry positions. */
  readonly payload: Uint8Array;
  /** Aggregate that the payload belongs to; empty where the topic has no snapshots. */
  readonly key: string;
  /** Next offset to consume per input, as far as this record says. */
  readonly positions: ReadonlyMap<string, number>;
}

/** What an owner appends. */
export interface OwnedDraft {
  readonly payload: Uint8Array;
  readonly key?: string;
  readonly positions?: ReadonlyMap<string, number>;
}

export interface OwnedLogDeps {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly random: Random;
}

export interface ClaimOptions {
  readonly topic: string;
  readonly partition: number;
  /** Where to start folding. */
  readonly from: OwnedPosition;
  /** Called for every accepted record from `from` to the claim, in order. */
  readonly onRecord: (record: AcceptedRecord) => void;
  readonly signal: AbortSignal;
}

/** The right to append to a partition, as long as nobody else claims it. */
export interface PartitionOwner {
  readonly topic: string;
  readonly partition: number;
  readonly fence: number;
  /** Position behind everything that was folded or appended. */
  readonly position: OwnedPosition;
  /** Input positions as of the last record that carries any. */
  readonly positions: ReadonlyMap<string, number>;
  /**
   * Appends the drafts as one batch; resolves once they are committed *and* known to be accepted by every
   * reader. Retries unknown outcomes itself. Rejects with OwnershipLostError when another owner has
   * claimed; then the drafts may be in the log, but no reader accepts them... unless they were committed
   * before that claim, which the new owner sees. Calls must not overlap.
   */
  append(drafts: readonly OwnedDraft[]): Promise<OwnedPosition>;
  /** Aborted when ownership is lost or given up. */
  readonly lost: AbortSignal;
  /** Stops appending; does not tell anybody. */
  release(): void;
}
