import { ParleyClientError } from '../client-error.js';

/** Gives something up. */
export interface Stop {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}

/** An AbortController; in browsers that have none (Chrome before 66, Safari before 11.1) what this SDK needs of one. */
export function makeStop(): Stop {
  if (typeof AbortController !== 'undefined') return new AbortController();
  const listeners = new Set<() => void>();
  const signal = {
    aborted: false,
    reason: undefined as unknown,
    addEventListener: (_: string, listener: () => void) => void listeners.add(listener),
    removeEventListener: (_: string, listener: () => void) => void listeners.delete(listener),
  };
  return {
    signal: signal as unknown as AbortSignal,
    abort: (reason) => {
      if (signal.aborted) return;
      signal.aborted = true;
      signal.reason = reason;
      for (const listener of [...listeners]) listener();
    },
  };
}

/** Why it was given up; older browsers do not say. */
export const reasonOf = (signal: AbortSignal): unknown => signal.reason ?? cancelled();

export const cancelled = (): ParleyClientError =>
  new ParleyClientError({ name: 'CANCELLED', code: 0, retry: 'never', message: 'It was cancelled.' });
