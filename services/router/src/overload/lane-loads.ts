import type { LaneLoad } from '@parley/contracts/router';
import type { CancelTimer, Clock } from '@parley/kernel';
import { DelayGauge, delayWindowMs, type Lane, lanes, perLane, priorityOf } from '@parley/lanes';
import { routerLimits } from '../limits.js';

export interface LaneLoadsDeps {
  readonly clock: Clock;
  /** How long the oldest command of the lane has waited that is not decided yet, over all partitions. */
  readonly oldestMs: (lane: Lane) => number;
  /** Tells the linked processes. */
  readonly tell: (loads: readonly LaneLoad[]) => void;
}

/** How long the commands of each lane wait in this process; told when that has changed much, ten times a second at most. */
export class LaneLoads {
  readonly #deps: LaneLoadsDeps;
  readonly #gauges: Readonly<Record<Lane, DelayGauge>>;
  readonly #told = perLane(() => 0);
  #cancelTimer: CancelTimer | undefined;
  #isBusy = false;

  constructor(deps: LaneLoadsDeps) {
    this.#deps = deps;
    this.#gauges = perLane(() => new DelayGauge(deps.clock.monotonic()));
  }

  /** What was told last, for a process that has just linked itself. */
  get told(): readonly LaneLoad[] {
    return lanes.filter((lane) => this.#told[lane] > 0).map((lane) => ({ priority: priorityOf(lane), delayMs: this.#told[lane] }));
  }

  /** Something came in: from now on delays are watched, until nothing has come for a while and nothing waits. */
  wake(): void {
    this.#isBusy = true;
    this.#cancelTimer ??= this.#deps.clock.setTimer(delayWindowMs, () => this.#look());
  }

  record(lane: Lane, delayMs: number, count: number): void {
    this.#gauges[lane].record(delayMs, count);
  }

  close(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #look(): void {
    this.#cancelTimer = undefined;
    const now = this.#deps.clock.monotonic();
    const changed: LaneLoad[] = [];
    let isCalm = !this.#isBusy;
    this.#isBusy = false;
    for (const lane of lanes) {
      const gauge = this.#gauges[lane];
      const oldestMs = this.#deps.oldestMs(lane);
      while (gauge.advance(now, oldestMs));
      const delayMs = Math.round(gauge.meanMs);
      if (isMuchElse(delayMs, this.#told[lane])) {
        this.#told[lane] = delayMs;
        changed.push({ priority: priorityOf(lane), delayMs });
      }
      isCalm &&= oldestMs === 0 && this.#told[lane] === 0;
    }
    if (changed.length > 0) this.#deps.tell(changed);
    if (!isCalm) this.#cancelTimer = this.#deps.clock.setTimer(delayWindowMs, () => this.#look());
  }
}

/** The end of a delay is always worth telling. */
function isMuchElse(delayMs: number, toldMs: number): boolean {
  if (delayMs === 0) return toldMs !== 0;
  const { ms, share } = routerLimits.loadChange;
  return Math.abs(delayMs - toldMs) > Math.max(ms, share * toldMs);
}
