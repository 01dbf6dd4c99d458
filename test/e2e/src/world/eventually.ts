import { sleep, systemClock } from '@parley/kernel';

const patienceMs = 20_000;
const pauseMs = 25;

/**
 * The answer, as soon as there is one: for what nobody is told of, such as the end of a message's time. A question that is
 * refused counts as one without an answer.
 */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = systemClock.monotonic() + patienceMs;
  for (let refusal = ''; ; await sleep(systemClock, pauseMs)) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      refusal = `: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (systemClock.monotonic() > deadline) throw new Error(`waited in vain for ${what}${refusal}`);
  }
}
