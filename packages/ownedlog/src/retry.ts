import { LogClosedError, LogTakenOverError, OffsetOutOfRangeError, RecordTooLargeError, UnknownTopicError } from '@parley/eventlog';
import { backoffMs, sleep } from '@parley/kernel';
import type { OwnedLogDeps } from './api.js';
import type { PartitionName } from './errors.js';
import { attemptBackoff } from './limits.js';

const permanent = [RecordTooLargeError, UnknownTopicError, OffsetOutOfRangeError, LogClosedError, LogTakenOverError];

/** Errors that the same call will meet again. */
export const isPermanent = (error: unknown): boolean => permanent.some((type) => error instanceof type);

/** Waits before attempt number `attempt + 1`; rejects with the signal's reason when it is aborted. */
export function pause(deps: OwnedLogDeps, attempt: number, signal: AbortSignal): Promise<void> {
  return sleep(deps.clock, backoffMs(attemptBackoff, attempt, deps.random), signal);
}

/** Reports a failed attempt: the first, then ever more seldom, so that an outage does not flood the log. */
export function reportAttempt(deps: OwnedLogDeps, source: PartitionName, attempt: number, error: unknown): void {
  if ((attempt & (attempt + 1)) !== 0) return;
  const { topic, partition } = source;
  deps.telemetry?.logger.warn('the event log did not answer as hoped; trying again', { topic, partition, attempt }, error);
}

/** Repeats an action that may be repeated until it succeeds, fails for good, or the signal is aborted. */
export async function untilDone<T>(deps: OwnedLogDeps, source: PartitionName, signal: AbortSignal, action: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await action();
    } catch (error) {
      if (isPermanent(error)) throw error;
      reportAttempt(deps, source, attempt, error);
    }
    await pause(deps, attempt, signal);
  }
}
