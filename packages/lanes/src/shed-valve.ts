import type { Lane } from './lane.js';

/** 0: nothing is shed; 1: transient LOW; 2: transient MEDIUM as well. */
export type ShedLevel = 0 | 1 | 2;

export interface ShedOptions {
  /** A window with a longer mean delay is over; messages that waited less are never shed. Milliseconds. */
  readonly overMs: number;
  /** After so many windows in a row that are not over, the valve closes by one level. */
  readonly calmWindows: number;
}

export const shedDefaults: ShedOptions = { overMs: 20, calmWindows: 5 };

/**
 * Decides what a stage over its capacity sheds: transient LOW first, then transient MEDIUM, never anything that is
 * stored, HIGH or SYSTEM. Fed with the mean queueing delay of LOW and MEDIUM, one value per window of a `DelayGauge`. Pure.
 */
export class ShedValve {
  readonly #options: ShedOptions;
  #level: ShedLevel = 0;
  #calm = 0;

  constructor(options: ShedOptions = shedDefaults) {
    this.#options = options;
  }

  get level(): ShedLevel {
    return this.#level;
  }

  /** To be called once per window. */
  observe(meanMs: number): void {
    if (meanMs > this.#options.overMs) {
      this.#calm = 0;
      this.#level = this.#level === 0 ? 1 : 2;
      return;
    }
    if (this.#level === 0 || ++this.#calm < this.#options.calmWindows) return;
    this.#calm = 0;
    this.#level = this.#level === 2 ? 1 : 0;
  }

  /** Whether a transient message of the lane that has waited so long is to be shed. */
  sheds(lane: Lane, waitedMs: number): boolean {
    if (this.#level === 0 || waitedMs <= this.#options.overMs) return false;
    return lane === 'low' || (lane === 'medium' && this.#level === 2);
  }
}
