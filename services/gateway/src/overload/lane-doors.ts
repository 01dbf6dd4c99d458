import { type DoorLane, delayWindowMs, DoorValve } from '@parley/lanes';
import { partitionOf } from '@parley/kernel';
import type { RouterClient } from '@parley/router-client';

export interface LaneDoorsDeps {
  readonly router: Pick<RouterClient, 'queueingDelayMs'>;
  readonly partitions: number;
}

/** A door and when it last learned how long its lanes wait, per lane (monotonic milliseconds). */
interface Door {
  readonly valve: DoorValve;
  readonly observedMs: Record<DoorLane, number>;
}

/** A door that nobody came to for longer has missed nothing that matters now. */
const windowsAtOnce = 16;

/**
 * Turns away part of the LOW and MEDIUM messages while the routers' lanes wait longer than their budgets. One
 * door per partition, since routers are loaded differently; a door learns when somebody comes to it, so that
 * nothing runs while all is well.
 */
export class LaneDoors {
  readonly #deps: LaneDoorsDeps;
  readonly #doors = new Map<number, Door>();

  constructor(deps: LaneDoorsDeps) {
    this.#deps = deps;
  }

  /** Admits a message and answers 0, or answers after how many milliseconds its sender may try again. */
  take(lane: DoorLane, app: string, conversation: string, nowMs: number): number {
    const delayMs = this.#deps.router.queueingDelayMs(lane, app, conversation);
    // Nothing waits, and never has for long.
    if (delayMs === 0 && this.#doors.size === 0) return 0;
    const door = this.#doorOf(partitionOf(app, conversation, this.#deps.partitions), nowMs);
    const windows = Math.floor((nowMs - door.observedMs[lane]) / delayWindowMs);
    if (windows > 0) {
      for (let i = 0; i < Math.min(windows, windowsAtOnce); i++) door.valve.observe(lane, delayMs);
      door.observedMs[lane] += windows * delayWindowMs;
    }
    return door.valve.take(lane);
  }

  #doorOf(partition: number, nowMs: number): Door {
    const known = this.#doors.get(partition);
    if (known !== undefined) return known;
    const observedMs = nowMs - delayWindowMs;
    const door: Door = { valve: new DoorValve(), observedMs: { low: observedMs, medium: observedMs } };
    this.#doors.set(partition, door);
    return door;
  }
}
