import type { Clock } from '@parley/kernel';
import { AppendUnknownError, CommitFailedError, LogTakenOverError, QueueFullError } from '../errors.js';
import { backlogBytesMax, commitBytesMax } from '../limits.js';

/** Something that wants to be part of a commit. */
export interface CommitJob {
  /** About what it adds to the store; 0 when it only deletes. */
  readonly bytes: number;
  /** Issues the writes; everything before it in the log is committed or part of this commit. */
  write(): void;
  /** The writes are on disk. */
  committed(): void;
  /** Tells, after a failure, whether the writes can be seen all the same. */
  isVisible(): boolean;
  /** The writes are certainly not there, or with `AppendUnknownError`: nobody knows. */
  failed(error: Error): void;
}

/** What one commit did, for measurements. */
export interface CommitReport {
  /** Appends, trims and deletions that shared the commit. */
  readonly jobs: number;
  readonly bytes: number;
  /** From the first write to the disk's answer, fsync included. */
  readonly durationMs: number;
  readonly isFailed: boolean;
}

export interface GroupCommitOptions {
  readonly clock: Clock;
  /** Throws when so many bytes had better not be written; the jobs that add something then fail. */
  readonly admit?: (bytes: number) => void;
  /** Runs the writes issued by a function as one transaction; resolves once they are on disk. */
  readonly transact: (writes: () => void) => Promise<unknown>;
  readonly onCommit?: ((report: CommitReport) => void) | undefined;
}

/**
 * One commit at a time, and one fsync for everything that came while the last was on its way. When nothing
 * is on its way, the next one starts in the same turn.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #waiting: CommitJob[] = [];
  #waitingBytes = 0;
  #isBusy = false;
  #onIdle: (() => void)[] = [];

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** Takes the job into the next commit; throws {@link QueueFullError} when too much is waiting. */
  submit(job: CommitJob): void {
    if (this.#waitingBytes > 0 && this.#waitingBytes + job.bytes > backlogBytesMax) {
      throw new QueueFullError(`${this.#waitingBytes} bytes wait for the disk; the limit is ${backlogBytesMax}`);
    }
    this.#waiting.push(job);
    this.#waitingBytes += job.bytes;
    if (this.#isBusy) return;
    this.#isBusy = true;
    queueMicrotask(this.#next);
  }

  /** Resolves when nothing waits any more. */
  idle(): Promise<void> {
    if (!this.#isBusy) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  readonly #next = (): void => {
    if (this.#waiting.length === 0) {
      this.#isBusy = false;
      const resolvers = this.#onIdle;
      this.#onIdle = [];
      for (const resolve of resolvers) resolve();
      return;
    }
    void this.#commit(this.#take()).then(this.#next);
  };

  #take(): readonly CommitJob[] {
    let bytes = 0;
    let count = 0;
    for (const job of this.#waiting) {
      if (count > 0 && bytes + job.bytes > commitBytesMax) break;
      bytes += job.bytes;
      count += 1;
    }
    this.#waitingBytes -= bytes;
    if (count < this.#waiting.length) return this.#waiting.splice(0, count);
    const all = this.#waiting;
    this.#waiting = [];
    return all;
  }

  /** The jobs that may be written; when the disk has no room, those that only delete. */
  #admit(jobs: readonly CommitJob[]): readonly CommitJob[] {
    try {
      this.#options.admit?.(bytesOf(jobs));
      return jobs;
    } catch (error) {
      const refusal = error instanceof Error ? error : new Error(String(error));
      for (const job of jobs) if (job.bytes > 0) job.failed(refusal);
      return jobs.filter((job) => job.bytes === 0);
    }
  }

  async #commit(taken: readonly CommitJob[]): Promise<void> {
    const jobs = this.#admit(taken);
    if (jobs.length === 0) return;
    const startedMs = this.#options.clock.monotonic();
    let failure: Error | undefined;
    try {
      await this.#options.transact(() => {
        for (const job of jobs) job.write();
      });
    } catch (error) {
      failure = await causeOf(error);
    }
    const durationMs = this.#options.clock.monotonic() - startedMs;
    this.#options.onCommit?.({ jobs: jobs.length, bytes: bytesOf(jobs), durationMs, isFailed: failure !== undefined });
    for (const job of jobs) {
      if (failure === undefined) job.committed();
      else job.failed(verdict(job, failure));
    }
  }
}

function bytesOf(jobs: readonly CommitJob[]): number {
  return jobs.reduce((sum, job) => sum + job.bytes, 0);
}

/** A failed transaction leaves nothing behind; when that cannot be seen to be so, the outcome is unknown. */
function verdict(job: CommitJob, failure: Error): Error {
  if (failure instanceof LogTakenOverError) return failure;
  try {
    if (!job.isVisible()) return new CommitFailedError(`the commit failed: ${failure.message}`, { cause: failure });
  } catch {
    // A store that cannot be read cannot tell either.
  }
  return new AppendUnknownError(`the commit failed half-way: ${failure.message}`, { cause: failure });
}

/** lmdb hands out the reason of a failed commit as a second promise, which somebody must look at. */
async function causeOf(error: unknown): Promise<Error> {
  const outer = error instanceof Error ? error : new Error(String(error));
  if (!('commitError' in outer)) return outer;
  try {
    await outer.commitError;
    return outer;
  } catch (reason) {
    return reason instanceof Error ? reason : outer;
  }
}
