import { topics } from '@parley/contracts/topics';
import { ParleyError, sleep } from '@parley/kernel';
import { historyLimits } from './limits.js';
import { NextRound } from './next-round.js';
import type { HistoryDeps } from './ports.js';
import type { PartitionProjector } from './project/partition-projector.js';

/** Lets reads wait until the projection has come far enough. */
export class Progress {
  readonly #deps: HistoryDeps;
  readonly #projectors: ReadonlyMap<number, PartitionProjector>;
  readonly #ends = new NextRound(() => this.#readEnds());
  readonly #current = new NextRound(() => this.#reachEnd());

  constructor(deps: HistoryDeps, projectors: ReadonlyMap<number, PartitionProjector>) {
    this.#deps = deps;
    this.#projectors = projectors;
  }

  /** Resolves when `isThere` holds; asked at first and after each progress of the partition. Rejects with TIMEOUT. */
  async until(projector: PartitionProjector, isThere: () => boolean | Promise<boolean>): Promise<void> {
    const { clock } = this.#deps;
    if (await isThere()) return;
    const deadline = clock.monotonic() + historyLimits.waitMs;
    for (;;) {
      const progressed = projector.progressed();
      if (await isThere()) return;
      const leftMs = deadline - clock.monotonic();
      if (leftMs <= 0) throw new ParleyError('TIMEOUT', 'history has not come that far');
      const stop = new AbortController();
      await Promise.race([progressed, sleep(clock, leftMs, stop.signal).catch(() => {})]);
      stop.abort();
    }
  }

  /** Resolves when everything is readable that the timeline held when the call came. Rejects with TIMEOUT. Calls share the work. */
  current(): Promise<void> {
    return this.#current.join();
  }

  /**
   * Lets a read of one partition, or of all, see what was acknowledged before it was asked for. Where the log is out of
   * reach or the projection far behind, an older answer is worth more than none: then it resolves after `freshWithinMs`.
   */
  async fresh(projector?: PartitionProjector): Promise<void> {
    const { clock } = this.#deps;
    const work = projector === undefined ? this.current() : this.#reachEndOf(projector);
    const stop = new AbortController();
    await Promise.race([work.catch(() => {}), sleep(clock, historyLimits.freshWithinMs, stop.signal).catch(() => {})]);
    stop.abort();
  }

  async #readEnds(): Promise<readonly number[]> {
    return (await this.#deps.log.ranges(topics.timeline)).map(({ end }) => end);
  }

  async #reachEndOf(projector: PartitionProjector): Promise<void> {
    const end = (await this.#ends.join())[projector.partition] ?? 0;
    if (projector.position.offset < end) await this.until(projector, () => projector.position.offset >= end);
  }

  async #reachEnd(): Promise<void> {
    const ends = await this.#readEnds();
    const foreign: number[] = [];
    const own: Promise<void>[] = [];
    ends.forEach((end, partition) => {
      const projector = this.#projectors.get(partition);
      if (projector === undefined) {
        if (end > 0) foreign.push(partition);
      } else if (projector.position.offset < end) own.push(this.until(projector, () => projector.position.offset >= end));
    });
    await Promise.all([...own, foreign.length > 0 ? this.#othersReach(foreign, ends) : undefined]);
  }

  /** Other processes' progress shows in the store. */
  async #othersReach(partitions: readonly number[], ends: readonly number[]): Promise<void> {
    const { clock, store } = this.#deps;
    const deadline = clock.monotonic() + historyLimits.waitMs;
    for (;;) {
      const checkpoints = await store.checkpoints();
      const isBehind = (partition: number): boolean => (checkpoints.get(partition)?.position.offset ?? 0) < (ends[partition] ?? 0);
      if (!partitions.some(isBehind)) return;
      if (clock.monotonic() >= deadline) throw new ParleyError('TIMEOUT', 'history is behind the timeline');
      await sleep(clock, historyLimits.progressEveryMs);
    }
  }
}
