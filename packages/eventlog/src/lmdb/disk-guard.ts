import { statfsSync } from 'node:fs';
import { CommitFailedError } from '../errors.js';

/** What a commit may take on disk for each byte that it brings: whole pages, and copies of those above them. */
const writeAmplification = 3;

export interface DiskGuardOptions {
  readonly reserveBytes: number;
  /** Space left for this process on the log's disk. */
  readonly freeBytes: () => number;
}

/**
 * Refuses a commit that the disk may have no room for, before anything is written. Deleting gives no space back
 * to the disk but makes room within the file, so what was deleted may be written again, and deleting itself is
 * allowed, as long as half of the reserve is left.
 */
export class DiskGuard {
  readonly #options: DiskGuardOptions;
  #reusableBytes = 0;

  constructor(options: DiskGuardOptions) {
    this.#options = options;
  }

  /** Throws {@link CommitFailedError} when so many bytes could use up the reserve; 0 stands for deleting. */
  admit(bytes: number): void {
    const { reserveBytes, freeBytes } = this.#options;
    const needed = bytes * writeAmplification;
    const free = freeBytes();
    const left = free - needed;
    if (left >= reserveBytes) return;
    if (left < reserveBytes / 2 || needed > this.#reusableBytes) {
      throw new CommitFailedError(`the disk has ${free} bytes left, of which ${reserveBytes} are kept free`);
    }
    this.#reusableBytes -= needed;
  }

  /** Counts room within the file that deleted records have left. */
  addReusable(bytes: number): void {
    this.#reusableBytes = Math.min(this.#reusableBytes + bytes, this.#options.reserveBytes);
  }
}

/** Space left on the disk that holds a directory. Asked before every commit: a few microseconds, no waiting. */
export function freeBytesOf(path: string): () => number {
  return () => {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  };
}
