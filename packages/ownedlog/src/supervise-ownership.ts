import type { EventLog } from '@parley/eventlog';
import { backoffMs, sleep, type BackoffPolicy, type Clock, type Random } from '@parley/kernel';
import { silentTelemetry, type Telemetry } from '@parley/telemetry';
import { OwnershipLostError } from './errors.js';
import type { OwnedPartitions } from './owned-partitions.js';
import { lostBackoff, ownedLogLimits, restartBackoff } from './limits.js';

export interface SuperviseOptions {
  readonly log: EventLog;
  readonly group: string;
  /** All must have the same number of partitions. */
  readonly topics: readonly string[];
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry?: Telemetry;
  /** Told what the group assigns. */
  readonly owned?: OwnedPartitions;
  /**
   * Does the work of one partition until the signal is aborted: usually claims it and serves it. Returning or
   * throwing before that means failure: it is run again after a pause. Never runs twice at once for a partition.
   */
  readonly run: (partition: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Keeps `run` going for each partition that the group assigns to this process. Resolves when the signal was
 * aborted and every run has ended; the group is left only then, so that the next owner finds nobody at work.
 */
export async function superviseOwnership(options: SuperviseOptions): Promise<void> {
  const partitions = new Map<number, SupervisedPartition>();
  const membership = new AbortController();
  const onAssigned = (assigned: readonly number[]): void => {
    if (options.signal.aborted) return;
    options.owned?.assign(assigned);
    for (const partition of assigned) {
      if (!partitions.has(partition)) partitions.set(partition, new SupervisedPartition(options, partition));
    }
    for (const [partition, supervised] of partitions) supervised.want(assigned.includes(partition));
  };
  const joined = stayJoined(options, membership.signal, onAssigned);
  await aborted(options.signal);
  for (const supervised of partitions.values()) supervised.want(false);
  await Promise.all([...partitions.values()].map((supervised) => supervised.ended));
  membership.abort(options.signal.reason);
  await joined;
}

/** A lost group does not stop the partitions: the claim decides, the group only suggests. */
async function stayJoined(
  options: SuperviseOptions,
  signal: AbortSignal,
  onAssigned: (partitions: readonly number[]) => void,
): Promise<void> {
  const { log, group, topics, clock, random, telemetry = silentTelemetry } = options;
  for (let attempt = 0; !signal.aborted; attempt++) {
    const since = clock.monotonic();
    try {
      await log.join({ group, topics, signal, onAssigned });
    } catch (error) {
      telemetry.logger.warn("the owners' group was lost; joining again", { group, attempt }, error);
    }
    if (clock.monotonic() - since >= ownedLogLimits.healthyRunMs) attempt = 0;
    await pauseUnlessAborted(clock, backoffMs(restartBackoff, attempt, random), signal);
  }
}

/** One partition: runs while it is wanted, pauses between failures, never overlaps with itself. */
class SupervisedPartition {
  readonly #options: SuperviseOptions;
  readonly #partition: number;
  #stop: AbortController | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(options: SuperviseOptions, partition: number) {
    this.#options = options;
    this.#partition = partition;
  }

  /** Resolves when nothing runs any more. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  want(isWanted: boolean): void {
    if (!isWanted) {
      this.#stop?.abort();
      this.#stop = undefined;
    } else if (this.#stop === undefined) {
      const stop = new AbortController();
      this.#stop = stop;
      this.#ended = this.#ended.then(() => this.#keepRunning(stop.signal));
    }
  }

  async #keepRunning(signal: AbortSignal): Promise<void> {
    const { clock, random, run } = this.#options;
    for (let failures = 0; !signal.aborted; ) {
      const since = clock.monotonic();
      let policy: BackoffPolicy = restartBackoff;
      try {
        await run(this.#partition, signal);
        if (!signal.aborted) this.#report(failures, 'ended by itself', undefined);
      } catch (error) {
        if (error instanceof OwnershipLostError && error.loss === 'claimed') policy = lostBackoff;
        if (!signal.aborted) this.#report(failures, 'failed', error);
      }
      if (signal.aborted) return;
      failures = clock.monotonic() - since >= ownedLogLimits.healthyRunMs ? 0 : failures;
      await pauseUnlessAborted(clock, backoffMs(policy, failures++, random), signal);
    }
  }

  #report(failures: number, how: string, error: unknown): void {
    const { group, telemetry = silentTelemetry } = this.#options;
    const fields = { group, partition: this.#partition, failures };
    telemetry.logger.warn(`an owned partition ${how}; running it again after a pause`, fields, error);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** A pause that may end early; whoever calls looks at the signal next. */
const pauseUnlessAborted = (clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> =>
  sleep(clock, delayMs, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
