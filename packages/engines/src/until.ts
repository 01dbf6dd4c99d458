import { sleep, systemClock } from '@parley/kernel';

/** How long to wait for what, and when to give up earlier. */
export interface UntilOptions {
  /** Begins the message of the error. */
  readonly what: string;
  readonly timeoutMs: number;
  /** A reason to give up at once. */
  readonly failure?: () => string | undefined;
}

/** Polls until the probe answers yes; a probe that throws says no. Throws when the time is over. */
export async function until(
  probe: () => boolean | Promise<boolean>,
  { what, timeoutMs, failure = () => undefined }: UntilOptions,
): Promise<void> {
  const deadline = systemClock.monotonic() + timeoutMs;
  for (;;) {
    if (await saysYes(probe)) return;
    const reason = failure() ?? (systemClock.monotonic() > deadline ? `not within ${timeoutMs} ms` : undefined);
    if (reason !== undefined) throw new Error(`${what}: ${reason}`);
    await sleep(systemClock, 20);
  }
}

async function saysYes(probe: () => boolean | Promise<boolean>): Promise<boolean> {
  try {
    return await probe();
  } catch {
    return false;
  }
}
