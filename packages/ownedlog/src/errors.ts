import type { OwnedPosition } from './api.js';

/** Names a partition in errors and log lines. */
export interface PartitionName {
  readonly topic: string;
  readonly partition: number;
}

const nameOf = ({ topic, partition }: PartitionName): string => `${topic}[${partition}]`;

/** Records are missing: to go on would be to skip what happened. Readers stop; someone must look. */
export class OwnedLogGapError extends Error {
  override readonly name = 'OwnedLogGapError';
  readonly topic: string;
  readonly partition: number;
  /** Of the record that does not follow from what was read before. */
  readonly offset: number;

  constructor(source: PartitionName, offset: number, detail: string) {
    super(`${nameOf(source)}: gap before offset ${offset}: ${detail}`);
    this.topic = source.topic;
    this.partition = source.partition;
    this.offset = offset;
  }
}

/** A record that this version cannot understand. The reader stops there, or sets it aside and goes on at `after`. */
export class OwnedRecordInvalidError extends Error {
  override readonly name = 'OwnedRecordInvalidError';
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Position behind the record, as if it were not there. */
  readonly after: OwnedPosition;

  constructor(source: PartitionName, offset: number, after: OwnedPosition, cause: unknown) {
    super(`${nameOf(source)}: record at offset ${offset} cannot be understood`, { cause });
    this.topic = source.topic;
    this.partition = source.partition;
    this.offset = offset;
    this.after = after;
  }
}

/**
 * - `claimed`: another owner has claimed the partition.
 * - `claimed-twice`: a late copy of the owner's own claim turned up and has ended its fence.
 * - `released`: given up, by `release` or by the signal.
 * - `log-broken`: the owner can no longer tell what the log holds.
 */
export type OwnershipLoss = 'claimed' | 'claimed-twice' | 'released' | 'log-broken';

/**
 * The owner may not append any more. What was in flight may be in the log: either before the claim that
 * ended this ownership, where every reader and the next owner see it, or behind it, where nobody does.
 */
export class OwnershipLostError extends Error {
  override readonly name = 'OwnershipLostError';
  readonly topic: string;
  readonly partition: number;
  readonly fence: number;
  readonly loss: OwnershipLoss;

  constructor(source: PartitionName, fence: number, loss: OwnershipLoss, cause?: unknown) {
    super(`${nameOf(source)}: ownership with fence ${fence} lost (${loss})`, { cause });
    this.topic = source.topic;
    this.partition = source.partition;
    this.fence = fence;
    this.loss = loss;
  }
}

/** A snapshot pointer leads to something that is no complete snapshot. */
export class SnapshotBrokenError extends Error {
  override readonly name = 'SnapshotBrokenError';
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;

  constructor(source: PartitionName, offset: number, detail: string) {
    super(`${nameOf(source)}: snapshot broken at offset ${offset}: ${detail}`);
    this.topic = source.topic;
    this.partition = source.partition;
    this.offset = offset;
  }
}
