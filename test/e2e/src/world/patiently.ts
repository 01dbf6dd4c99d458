import { sleep, systemClock } from '@parley/kernel';
import { ParleyClientError } from '@parley/sdk';

const triesMax = 50;
const pauseMs = 50;

/**
 * What comes of it at a server that is not too busy for it: a machine that does other things at the same time may turn away
 * for its load what it would take otherwise, and then it is tried again. `isWorthIt` says which refusals are such.
 */
export async function patiently<T>(
  act: () => Promise<T>,
  isWorthIt = ({ name }: ParleyClientError): boolean => name === 'OVERLOADED',
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await act();
    } catch (thrown) {
      const error = ParleyClientError.from(thrown);
      if (!isWorthIt(error) || tries === triesMax) throw thrown;
      await sleep(systemClock, Math.max(pauseMs, error.retryAfterMs));
    }
  }
}
