import { aggregateLimits } from './limits.js';

/** A snapshot that is complete. */
export interface SnapshotStart {
  readonly offset: number;
  /** When it was known to be complete, on the monotonic clock. */
  readonly knownMs: number;
}

/**
 * Remembers where snapshots begin, and says up to where the log is no longer needed: up to the newest snapshot that
 * has been complete for a while. Whoever still starts from an older pointer, or moves the pointer back to an older
 * snapshot because it was stopped in between, must have done so by then.
 */
export class SnapshotTrail {
  readonly #starts: SnapshotStart[] = [];

  /** `known`: the snapshot that was there before, where there is one. */
  constructor(known: SnapshotStart | undefined) {
    if (known !== undefined) this.#starts.push(known);
  }

  /** A snapshot that begins at the offset is complete. Answers before which offset nothing is needed; undefined when all is. */
  completed(offset: number, nowMs: number): number | undefined {
    this.#starts.push({ offset, knownMs: nowMs });
    return this.settled(nowMs);
  }

  /** Before which offset nothing is needed by now; undefined when all is. */
  settled(nowMs: number): number | undefined {
    const settled = this.#starts.findLastIndex(({ knownMs }) => nowMs - knownMs >= aggregateLimits.trimAfterMs);
    if (settled < 0) return undefined;
    this.#starts.splice(0, settled);
    return this.#starts[0]?.offset;
  }
}
