import { delayWindowMs } from './delay-gauge.js';
import type { Lane } from './lane.js';

/** The lanes whose stored messages may be refused for load. */
export type DoorLane = Extract<Lane, 'medium' | 'low'>;

export interface DoorOptions {
  /** How long the lanes may wait behind the door, milliseconds. */
  readonly budgetsMs: Readonly<Record<DoorLane, number>>;
  /** What is left of the admitted fraction after a window over budget. */
  readonly decrease: number;
  /** What comes back to it with every other window. */
  readonly increase: number;
  /** It never falls below this: something must go through to find out whether the load is over. */
  readonly floor: number;
}

export const doorDefaults: DoorOptions = { budgetsMs: { medium: 500, low: 250 }, decrease: 0.7, increase: 0.05, floor: 0.02 };

interface Door {
  fraction: number;
  /** Parts of messages that may still come in; a message needs a whole one. */
  credit: number;
}

/**
 * Admits a share of what comes for MEDIUM and LOW, so that the lanes behind it wait no longer than their budgets:
 * the share falls by a factor while they do and grows back by steps (AIMD; Chiu and Jain, 1989). HIGH and SYSTEM
 * always pass. Of any n messages in a row it admits the share of n within one, without chance. Pure.
 */
export class DoorValve {
  readonly #options: DoorOptions;
  readonly #doors: Readonly<Record<DoorLane, Door>> = { medium: { fraction: 1, credit: 0 }, low: { fraction: 1, credit: 0 } };

  constructor(options: DoorOptions = doorDefaults) {
    this.#options = options;
  }

  /** What share of the lane's messages is admitted, 0 to 1. */
  fractionOf(lane: Lane): number {
    return isDoorLane(lane) ? this.#doors[lane].fraction : 1;
  }

  /** To be called once per window and lane, with the delay that the stage behind the door tells. */
  observe(lane: DoorLane, delayMs: number): void {
    const { budgetsMs, decrease, increase, floor } = this.#options;
    const door = this.#doors[lane];
    door.fraction = delayMs > budgetsMs[lane] ? Math.max(floor, door.fraction * decrease) : Math.min(1, door.fraction + increase);
  }

  /** Admits a message and answers 0, or answers after how many milliseconds its sender may try again. */
  take(lane: Lane): number {
    if (!isDoorLane(lane)) return 0;
    const door = this.#doors[lane];
    if (door.fraction === 1) return 0;
    door.credit += door.fraction;
    // Sums of fractions come short of whole numbers by a rounding error.
    if (door.credit >= 1 - 1e-9) {
      door.credit -= 1;
      return 0;
    }
    // The fewer get in, the later the next one should try: all together then come at a rate that would be admitted.
    return Math.ceil(delayWindowMs / door.fraction);
  }
}

const isDoorLane = (lane: Lane): lane is DoorLane => lane === 'medium' || lane === 'low';
