import type { CancelTimer, Clock } from '@parley/kernel';
import { DelayGauge, type Level, shedDefaults, ShedValve } from '@parley/lanes';

const sampleEveryMs = 20;
/** Without traffic for so long, nothing is measured. */
const idleAfterMs = 2_000;

/**
 * How far the process is behind: a timer that comes late has waited like every frame that came meanwhile. Decides
 * which transient messages are turned away at the door. Runs only while there is traffic.
 */
export class LoopLag {
  readonly #clock: Clock;
  readonly #valve: ShedValve;
  #gauge: DelayGauge;
  #cancel: CancelTimer | undefined = undefined;
  #touchedMs = 0;

  /** Transient messages are turned away while windows have a mean of more than `overMs`. */
  constructor(clock: Clock, overMs: number) {
    this.#clock = clock;
    this.#valve = new ShedValve({ ...shedDefaults, overMs });
    this.#gauge = new DelayGauge(clock.monotonic());
  }

  /** Mean of the last window, milliseconds. */
  get meanMs(): number {
    return this.#gauge.meanMs;
  }

  /** There is traffic. */
  touch(nowMs: number): void {
    this.#touchedMs = nowMs;
    if (this.#cancel !== undefined) return;
    this.#gauge = new DelayGauge(nowMs);
    this.#sampleAfter(nowMs);
  }

  /** Whether transient messages of the level are turned away now. */
  sheds(level: Level): boolean {
    const open = this.#valve.level;
    return open > 0 && (level === 'low' || (level === 'medium' && open === 2));
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #sampleAfter(nowMs: number): void {
    const dueMs = nowMs + sampleEveryMs;
    this.#cancel = this.#clock.setTimer(sampleEveryMs, () => this.#sample(dueMs));
  }

  #sample(dueMs: number): void {
    const nowMs = this.#clock.monotonic();
    const lagMs = Math.max(0, nowMs - dueMs);
    // Windows that ended while the loop stood still were not calm: the timer waited in them.
    while (this.#gauge.advance(nowMs, lagMs)) this.#valve.observe(this.#gauge.meanMs);
    this.#gauge.record(lagMs);
    const isIdle = nowMs - this.#touchedMs > idleAfterMs && this.#valve.level === 0;
    if (isIdle) this.stop();
    else this.#sampleAfter(nowMs);
  }
}
