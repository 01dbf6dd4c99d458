import type { CallContext } from './port.js';

/** The context of a call in flight. Most handlers never look at the signal, so it is made when somebody does. */
export class LazyCallContext implements CallContext {
  readonly trace: string;
  #controller: AbortController | undefined;
  #reason: unknown;

  constructor(trace: string) {
    this.trace = trace;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Tells the handler that nobody waits for its answer any more. */
  abort(reason: unknown): void {
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}
