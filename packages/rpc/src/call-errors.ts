import { ParleyError } from '@parley/kernel';

/** What a unary call fails with when its caller gave it up; a ParleyError as the signal's reason is kept. */
export function givenUpError(signal: AbortSignal): ParleyError {
  if (signal.reason instanceof ParleyError) return signal.reason;
  return new ParleyError('TIMEOUT', 'the caller gave the call up', { cause: signal.reason });
}

/** What a unary call fails with when its deadline has passed. */
export const deadlineError = (timeoutMs: number): ParleyError => new ParleyError('TIMEOUT', `no answer within ${timeoutMs} ms`);

/** What both ends of a stream see when the caller or its connection went away. */
export const brokenError = (why: string): ParleyError => new ParleyError('UNAVAILABLE', `the stream broke: ${why}`);
