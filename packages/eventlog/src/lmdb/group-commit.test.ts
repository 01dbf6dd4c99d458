import { describe, expect, it } from '@jest/globals';
import { systemClock } from '@parley/kernel';
import { AppendUnknownError, CommitFailedError, QueueFullError } from '../errors.js';
import { backlogBytesMax, commitBytesMax } from '../limits.js';
import { type CommitJob, GroupCommit } from './group-commit.js';

/** A job that notes what happens to it. */
class NotedJob implements CommitJob {
  readonly bytes: number;
  readonly done: Promise<string>;
  readonly #isVisible: boolean;
  #tell: (outcome: string) => void = () => {};

  constructor(bytes = 1, isVisible = false) {
    this.bytes = bytes;
    this.#isVisible = isVisible;
    this.done = new Promise((resolve) => {
      this.#tell = resolve;
    });
  }

  write(): void {}

  committed(): void {
    this.#tell('committed');
  }

  isVisible(): boolean {
    return this.#isVisible;
  }

  failed(error: Error): void {
    this.#tell(error.name);
  }
}

/** Commits that fail as told, each with the number of its jobs' writes. */
function commits(failures: readonly (Error | undefined)[]): { commits: GroupCommit; sizes: number[] } {
  const sizes: number[] = [];
  const remaining = [...failures];
  const transact = async (writes: () => void): Promise<void> => {
    writes();
    await Promise.resolve();
    const failure = remaining.shift();
    if (failure !== undefined) throw failure;
  };
  const onCommit = ({ jobs }: { readonly jobs: number }): void => void sizes.push(jobs);
  return { commits: new GroupCommit({ clock: systemClock, transact, onCommit }), sizes };
}

function submit(target: GroupCommit, jobs: readonly NotedJob[]): Promise<string[]> {
  for (const job of jobs) target.submit(job);
  return Promise.all(jobs.map((job) => job.done));
}

describe('group commit', () => {
  it('fails all jobs of a failed commit definitely and goes on with the next', async () => {
    const { commits: target } = commits([new Error('no space')]);
    expect(await submit(target, [new NotedJob(), new NotedJob()])).toEqual([CommitFailedError.name, CommitFailedError.name]);
    expect(await submit(target, [new NotedJob()])).toEqual(['committed']);
  });

  it('says that an outcome is unknown when a commit failed and its writes are seen', async () => {
    const { commits: target } = commits([new Error('half-way')]);
    expect(await submit(target, [new NotedJob(1, true)])).toEqual([AppendUnknownError.name]);
  });

  it('looks at the second promise in which lmdb hands out the reason', async () => {
    const failure = Object.assign(new Error('see commitError'), { commitError: Promise.reject(new Error('no space')) });
    const { commits: target } = commits([failure]);
    expect(await submit(target, [new NotedJob()])).toEqual([CommitFailedError.name]);
  });

  it('bounds what one commit writes', async () => {
    const { commits: target, sizes } = commits([]);
    const jobs = Array.from({ length: 5 }, () => new NotedJob(commitBytesMax / 2));
    await submit(target, jobs);
    expect(sizes).toEqual([2, 2, 1]);
  });

  it('bounds what waits', async () => {
    const { commits: target } = commits([]);
    const jobs = Array.from({ length: backlogBytesMax / commitBytesMax }, () => new NotedJob(commitBytesMax));
    const done = submit(target, jobs);
    expect(() => target.submit(new NotedJob())).toThrow(QueueFullError);
    await done;
    await target.idle();
    expect(await submit(target, [new NotedJob()])).toEqual(['committed']);
  });
});
