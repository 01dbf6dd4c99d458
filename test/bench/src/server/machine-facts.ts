import { spawnSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';

/** What a reader must know to compare numbers. */
export interface MachineFacts {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
  /** Implementation of the edge listener, or `unknown`. */
  readonly listener: string;
  /** Commit of the working tree; with `+` when there are changes. */
  readonly commit: string;
}

const git = (...words: readonly string[]): string => spawnSync('git', words, { encoding: 'utf8' }).stdout?.trim() ?? '';

/** Facts of this machine and of the server with that listener that runs on it. */
export function machineFacts(listener: string): MachineFacts {
  const models = cpus();
  return {
    cores: models.length,
    cpu: models[0]?.model.trim() ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.versions.node,
    listener,
    commit: `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '+'}`,
  };
}
