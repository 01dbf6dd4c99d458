import { DelayGauge, type Lane, ShedValve } from '@parley/lanes';

/** The valve of one partition: what is shed before its decision, by how long LOW and MEDIUM have waited of late. */
export class Shedding {
  readonly #valve = new ShedValve();
  readonly #gauge: DelayGauge;

  constructor(nowMs: number) {
    this.#gauge = new DelayGauge(nowMs);
  }

  /** Whether anything is shed at all. */
  get isOpen(): boolean {
    return this.#valve.level > 0;
  }

  /** To be called before each round. `oldestMs`: the longest that a command of LOW or MEDIUM has waited that still does. */
  observe(nowMs: number, oldestMs: number): void {
    while (this.#gauge.advance(nowMs, oldestMs)) this.#valve.observe(this.#gauge.meanMs);
  }

  /** So many commands were taken up. */
  record(lane: Lane, waitedMs: number, count: number): void {
    if (lane === 'medium' || lane === 'low') this.#gauge.record(waitedMs, count);
  }

  /** Whether transient messages of the lane that have waited so long are shed. */
  sheds(lane: Lane, waitedMs: number): boolean {
    return this.#valve.sheds(lane, waitedMs);
  }
}
