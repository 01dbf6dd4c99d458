import { sleep } from '@parley/kernel';
import type { ChatContext } from './workload.js';

/** The server counts as quiet when it uses at most so much CPU in the time between two looks. */
const quietMs = 10;
const lookEveryMs = 250;
const quietWithinMs = 5_000;

/** Resolves when the server has nothing to do any more, or after so many milliseconds. */
export async function untilQuiet({ clock, meter }: ChatContext, withinMs = quietWithinMs): Promise<void> {
  const untilMs = clock.monotonic() + withinMs;
  for (let before = meter.serverMs(); clock.monotonic() < untilMs; ) {
    await sleep(clock, lookEveryMs);
    const after = meter.serverMs();
    if (after - before <= quietMs) return;
    before = after;
  }
}
