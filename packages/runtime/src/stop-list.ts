import type { Logger } from '@parley/telemetry';

interface Stoppable {
  readonly name: string;
  readonly stop: () => void | PromiseLike<void>;
}

/** What has to be stopped, in reverse order of starting. One that fails does not keep the others from stopping. */
export class StopList {
  readonly #logger: Logger;
  readonly #all: Stoppable[] = [];

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  add(name: string, stop: () => void | PromiseLike<void>): void {
    this.#all.push({ name, stop });
  }

  /** Resolves once everything has stopped; false when something failed. */
  async stopAll(): Promise<boolean> {
    let isClean = true;
    for (let next = this.#all.pop(); next !== undefined; next = this.#all.pop()) {
      this.#logger.debug('stopping', { part: next.name });
      try {
        await next.stop();
      } catch (error) {
        isClean = false;
        this.#logger.error('could not stop', { part: next.name }, error);
      }
    }
    return isClean;
  }
}
