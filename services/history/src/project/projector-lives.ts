import { topics } from '@parley/contracts/topics';
import type { EventLog } from '@parley/eventlog';
import { type Clock, ParleyError, sleep } from '@parley/kernel';
import type { HistoryStore } from '@parley/store';
import { historyLimits } from '../limits.js';

export interface ProjectorLivesDeps {
  readonly store: HistoryStore;
  readonly log: Pick<EventLog, 'ranges'>;
  readonly clock: Clock;
}

/** Runs projectors so that all of them can begin anew: after a wipe nothing that one holds in memory is true any more. */
export class ProjectorLives {
  readonly #deps: ProjectorLivesDeps;
  readonly #project: (partition: number, signal: AbortSignal) => Promise<void>;
  readonly #lives = new Map<number, { readonly stop: AbortController; readonly ended: Promise<void> }>();
  #wiping: Promise<void> | undefined;
  /** The one that the projectors began in. */
  #epoch = '';

  constructor(deps: ProjectorLivesDeps, project: (partition: number, signal: AbortSignal) => Promise<void>) {
    this.#deps = deps;
    this.#project = project;
  }

  /** Projects a partition, anew after each wipe, until the signal is aborted; rejects with what a projector throws. */
  async run(partition: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#wiping;
      if (signal.aborted) return;
      const stop = new AbortController();
      const living = this.#project(partition, AbortSignal.any([signal, stop.signal]));
      this.#lives.set(partition, { stop, ended: living.catch(() => {}) });
      try {
        await living;
      } catch (error) {
        // A batch that was under way is refused after a wipe.
        if (!stop.signal.aborted) throw error;
      } finally {
        this.#lives.delete(partition);
      }
    }
  }

  /**
   * Forgets everything and begins anew; answers the new epoch. Calls at the same time share one wipe. Throws TOO_LATE, and
   * forgets nothing, where the log has lost its beginning: what is no more in it would never come back.
   */
  async rebuild(): Promise<{ readonly epoch: string }> {
    await this.#checkLog();
    this.#wiping ??= this.#wipe().finally(() => {
      this.#wiping = undefined;
    });
    await this.#wiping;
    return { epoch: this.#epoch };
  }

  /** Begins anew when another process has wiped the store. */
  async followEpoch(signal: AbortSignal): Promise<void> {
    const { store, clock } = this.#deps;
    this.#epoch = await store.epoch();
    while (!signal.aborted) {
      await sleep(clock, historyLimits.epochEveryMs, signal).catch(() => {});
      if (signal.aborted) return;
      const epoch = await store.epoch().catch(() => this.#epoch);
      if (epoch === this.#epoch || this.#wiping !== undefined) continue;
      this.#epoch = epoch;
      await this.#restart();
    }
  }

  async #checkLog(): Promise<void> {
    const ranges = await this.#deps.log.ranges(topics.timeline);
    const cut = ranges.findIndex(({ start }) => start > 0);
    if (cut < 0) return;
    throw new ParleyError('TOO_LATE', `partition ${cut} of the timeline has lost its beginning: put a backup of history in place instead`);
  }

  async #wipe(): Promise<void> {
    await this.#restart();
    const { store } = this.#deps;
    await store.wipe();
    this.#epoch = await store.epoch();
  }

  /** Ends what runs; `run` begins anew, once a wipe that is under way is over. */
  async #restart(): Promise<void> {
    const lives = [...this.#lives.values()];
    for (const { stop } of lives) stop.abort();
    await Promise.all(lives.map(({ ended }) => ended));
  }
}
