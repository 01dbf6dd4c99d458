import type { CancelTimer, Clock } from '@parley/kernel';
import { DelayGauge, type DoorLane, DoorValve, doorDefaults, type Level } from '@parley/lanes';

const sampleEveryMs = 20;
/** Without traffic for so long, nothing is measured. */
const idleAfterMs = 2_000;

/**
 * Times of the bound at which a share is turned away: transients first, LOW before MEDIUM. A message passes the loop
 * several times on its way through one process, so small lags make what HIGH waits for.
 */
const budgets = { transient: { low: 0.75, medium: 1 }, stored: { low: 1, medium: 1.5 } } as const;
const doorLanes: readonly DoorLane[] = ['low', 'medium'];

/**
 * How far the process is behind: a timer that comes late has waited like every frame that came meanwhile. Turns
 * away a share of the messages that follows it, so that what HIGH has to wait for stays short while the process does
 * as much as it can. Runs only while there is traffic.
 */
export class LoopLag {
  readonly #clock: Clock;
  readonly #transient: DoorValve;
  readonly #stored: DoorValve;
  #gauge: DelayGauge;
  #cancel: CancelTimer | undefined = undefined;
  #touchedMs = 0;

  /** `lagMsMax`: how late timers may be on average before messages that are stored are turned away. */
  constructor(clock: Clock, lagMsMax: number) {
    const valve = ({ low, medium }: (typeof budgets)[keyof typeof budgets]): DoorValve =>
      new DoorValve({ ...doorDefaults, budgetsMs: { low: low * lagMsMax, medium: medium * lagMsMax } });
    this.#clock = clock;
    this.#transient = valve(budgets.transient);
    this.#stored = valve(budgets.stored);
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

  /** Admits a message and answers 0, or answers after how many milliseconds its sender may try again. HIGH always gets in. */
  take(level: Level, isStored: boolean): number {
    return (isStored ? this.#stored : this.#transient).take(level);
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
    while (this.#gauge.advance(nowMs, lagMs)) this.#observe(this.#gauge.meanMs);
    this.#gauge.record(lagMs);
    const isIdle = nowMs - this.#touchedMs > idleAfterMs && this.#isOpen;
    if (isIdle) this.stop();
    else this.#sampleAfter(nowMs);
  }

  #observe(meanMs: number): void {
    for (const valve of [this.#transient, this.#stored]) for (const lane of doorLanes) valve.observe(lane, meanMs);
  }

  /** Everybody gets in. */
  get #isOpen(): boolean {
    return [this.#transient, this.#stored].every((valve) => doorLanes.every((lane) => valve.fractionOf(lane) === 1));
  }
}
