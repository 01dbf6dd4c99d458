import { type Clock, withTimeout } from '@parley/kernel';
import { runtimeLimits } from './limits.js';

/** Undefined when ready, else why not. */
export type ReadinessCheck = () => string | undefined | Promise<string | undefined>;

/** What has to hold before traffic may come to a process. */
export class Readiness {
  readonly #clock: Clock;
  readonly #checks = new Map<string, ReadinessCheck>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Adds a check, or replaces the one of the same name. */
  set(name: string, check: ReadinessCheck): void {
    this.#checks.set(name, check);
  }

  /** The reasons against it, by check; empty when the process is ready. */
  async reasons(): Promise<Readonly<Record<string, string>>> {
    const asked = [...this.#checks].map(async ([name, check]) => [name, await this.#reason(check)] as const);
    const answers = await Promise.all(asked);
    return Object.fromEntries(answers.filter((answer): answer is readonly [string, string] => answer[1] !== undefined));
  }

  async #reason(check: ReadinessCheck): Promise<string | undefined> {
    try {
      const answer = Promise.resolve(check());
      return await withTimeout(this.#clock, runtimeLimits.readinessCheckMs, answer, () => new Error('the check takes too long'));
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}
