import { routerLimits } from '../limits.js';

/** When members of a conversation with slow mode have spoken last; those who spoke long ago are forgotten. */
export class SlowMode {
  /** Last message of each sender, the longest ago first. Milliseconds since 1970 (UTC). */
  readonly #lastMs = new Map<string, number>();

  /** How long the sender must wait until the next message, milliseconds; 0: not at all. */
  waitMs(sender: string, nowMs: number, slowModeMs: number): number {
    const lastMs = this.#lastMs.get(sender);
    return lastMs === undefined ? 0 : Math.max(0, Math.min(slowModeMs, lastMs + slowModeMs - nowMs));
  }

  /** The sender has spoken. */
  note(sender: string, timeMs: number, slowModeMs: number): void {
    this.#lastMs.delete(sender);
    this.#lastMs.set(sender, timeMs);
    for (const [oldest, lastMs] of this.#lastMs) {
      if (lastMs > timeMs - slowModeMs && this.#lastMs.size <= routerLimits.slowModeSendersMax) return;
      this.#lastMs.delete(oldest);
    }
  }
}
