import { type Clock, sleep } from '@parley/kernel';
import type { Telemetry } from '@parley/telemetry';
import { historyLimits } from '../limits.js';
import { sweepErasures } from './sweep-erasures.js';
import { sweepExpiries } from './sweep-expiries.js';
import { RetentionSweep } from './sweep-retention.js';
import type { SweepDeps } from './sweep-deps.js';

export interface SweepOptions extends SweepDeps {
  readonly partitions: number;
  readonly telemetry: Telemetry;
}

/**
 * Takes out of the store what is no more to be seen: expired messages, erased users, what is older than is kept. Works
 * in small pieces until the signal is aborted; a pass that fails is reported and tried again with the next.
 */
export async function sweepWhileRunning(options: SweepOptions, signal: AbortSignal): Promise<void> {
  const { clock, telemetry } = options;
  const retention = new RetentionSweep(options, options.partitions);
  while (await pause(clock, signal)) {
    try {
      await sweepOnce(options, retention, signal);
    } catch (error) {
      if (!signal.aborted) telemetry.logger.warn('a sweep of history failed; the next one tries again', {}, error);
    }
  }
}

/** One pass over everything that this process projects. */
async function sweepOnce(deps: SweepDeps, retention: RetentionSweep, signal: AbortSignal): Promise<void> {
  let isFilesDirty = false;
  for (const projector of deps.projectors.values()) {
    // One that has ended amends nothing any more: its work is its successor's.
    const isAtWork = (): boolean => !signal.aborted && deps.projectors.get(projector.partition) === projector;
    while (isAtWork() && (await sweepExpiries(deps, projector))) await sleep(deps.clock, 0);
    for (let isOpen = true; isOpen && isAtWork(); await sleep(deps.clock, 0)) {
      const { hasMore, hasFinished } = await sweepErasures(deps, projector);
      isOpen = hasMore;
      isFilesDirty ||= hasFinished;
    }
  }
  if (!signal.aborted) await retention.pass(signal);
  // Once for all of them: it may mean that files are written anew.
  if (isFilesDirty) await Promise.all([deps.store.compact(), deps.log.scrub()]);
}

/** False when the signal was aborted. */
async function pause(clock: Clock, signal: AbortSignal): Promise<boolean> {
  await sleep(clock, historyLimits.sweepEveryMs, signal).catch(() => {});
  return !signal.aborted;
}
