import { statfsSync } from 'node:fs';
import { CommitFailedError } from '../errors.js';

/** What a commit may take on disk for each byte that it brings: whole pages, and copies of those above them. */
const writeAmplification = 3;

export interface DiskGuardOptions {
  readonly reserveBytes: number;
  /** Space left for this process on the log's disk. */
  readonly freeBytes: () => number;
}

/** Refuses a commit that the disk may have no room for, before anything is written. */
export class DiskGuard {
  readonly #options: DiskGuardOptions;

  constructor(options: DiskGuardOptions) {
    this.#options = options;
  }

  /** Throws {@link CommitFailedError} when so many bytes could use up the reserve. */
  admit(bytes: number): void {
    const { reserveBytes, freeBytes } = this.#options;
    const free = freeBytes();
    if (free - bytes * writeAmplification >= reserveBytes) return;
    throw new CommitFailedError(`the disk has ${free} bytes left, of which ${reserveBytes} are kept free`);
  }
}

/** Space left on the disk that holds a directory. Asked before every commit: a few microseconds, no waiting. */
export function freeBytesOf(path: string): () => number {
  return () => {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  };
}
