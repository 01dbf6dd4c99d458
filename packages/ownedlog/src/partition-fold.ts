import type { SnapshotPart } from '@parley/contracts/events';
import type { StoredRecord } from '@parley/eventlog';
import { acceptRecord } from './accept-record.js';
import type { OwnedPosition, RecoverOptions } from './api.js';
import { SnapshotBrokenError, type PartitionName } from './errors.js';
import { SnapshotRestore } from './snapshot-restore.js';

/** Folds a partition record by record, from a position or from a snapshot on. */
export class PartitionFold {
  readonly source: PartitionName;
  readonly positions = new Map<string, number>();
  readonly #options: RecoverOptions;
  #position: OwnedPosition;
  #nonce = '';
  /** Present while parts of the snapshot that the fold began with are still to come. */
  #restore: SnapshotRestore | undefined;

  /** `fromSnapshot`: the position is that of a snapshot pointer. */
  constructor(options: RecoverOptions, position: OwnedPosition, fromSnapshot: boolean) {
    this.source = { topic: options.topic, partition: options.partition };
    this.#options = options;
    this.#position = position;
    const onState = options.snapshots?.onState;
    if (fromSnapshot && onState !== undefined) this.#restore = new SnapshotRestore(position.index + 1, onState);
  }

  get position(): OwnedPosition {
    return this.#position;
  }

  /** Of the claim in force, where the fold has passed one. */
  get nonce(): string {
    return this.#nonce;
  }

  take(stored: StoredRecord): void {
    const verdict = acceptRecord(this.#position, stored, this.source);
    switch (verdict.type) {
      case 'accepted':
        this.#takeRecord(stored, verdict);
        break;
      case 'claim':
        // A pointer is written only after the last part, and the parts have one owner.
        this.#refuseUnfinished(stored.offset);
        this.#nonce = verdict.nonce;
        break;
      case 'foreign':
      case 'duplicate':
        break;
    }
    this.#position = verdict.position;
  }

  /** To be called where the log ends: throws when the snapshot was not complete by then. */
  finish(): void {
    this.#refuseUnfinished(this.#position.offset);
  }

  #takeRecord(stored: StoredRecord, { record, snapshot }: Extract<ReturnType<typeof acceptRecord>, { type: 'accepted' }>): void {
    for (const [input, offset] of record.positions) this.positions.set(input, offset);
    const restore = this.#restore;
    if (restore === undefined) {
      if (snapshot === undefined) this.#options.onRecord(record);
      return;
    }
    if (!restore.hasBegun && snapshot?.firstIndex !== record.index) {
      throw new SnapshotBrokenError(this.source, stored.offset, 'the pointer does not lead to a first part');
    }
    if (snapshot === undefined) {
      if (restore.holds(record.key)) this.#options.onRecord(record);
    } else if (this.#takePart(restore, snapshot)) {
      this.#restore = undefined;
    }
  }

  #takePart(restore: SnapshotRestore, part: SnapshotPart): boolean {
    // Parts of another snapshot, begun and given up meanwhile, carry nothing that is needed.
    return part.firstIndex === restore.firstIndex && restore.takePart(part);
  }

  #refuseUnfinished(offset: number): void {
    if (this.#restore !== undefined) throw new SnapshotBrokenError(this.source, offset, 'the last part is missing');
  }
}
