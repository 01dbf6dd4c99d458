import { ParleyError, type Clock } from '@parley/kernel';
import { deadlineError, givenUpError } from './call-errors.js';
import type { BoundMethod } from './handlers.js';
import { rpcLimits } from './limits.js';
import type { CallContext, CallOptions } from './port.js';

/** A call in flight. Most handlers never look at the signal, so it is made when somebody does. */
class InProcessContext implements CallContext {
  readonly trace: string;
  #controller: AbortController | undefined;
  #reason: ParleyError | undefined;

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

  abort(reason: ParleyError): void {
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}

/** A unary call that can be given up from outside. */
export interface InProcessUnary {
  readonly answer: Promise<unknown>;
  /** Fails the call at once; the handler is told through its signal. */
  giveUp(error: ParleyError): void;
}

/** Calls a handler of this process. */
export function callInProcess(
  bound: BoundMethod & { readonly type: 'unary' },
  request: unknown,
  { clock, options }: { readonly clock: Clock; readonly options: CallOptions },
): InProcessUnary {
  const { signal, timeoutMs = rpcLimits.callTimeoutMs } = options;
  const context = new InProcessContext(options.trace ?? '');
  const message = bound.method.request.create(request);
  let giveUp = (_error: ParleyError): void => {};
  const answer = new Promise<unknown>((resolve, reject) => {
    const onAbort = (): void => giveUp(givenUpError(signal as AbortSignal));
    const cancelTimer = clock.setTimer(timeoutMs, () => giveUp(deadlineError(timeoutMs)));
    const settle = (): void => {
      cancelTimer();
      signal?.removeEventListener('abort', onAbort);
    };
    giveUp = (error) => {
      settle();
      context.abort(error);
      reject(error);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    const settleWith = (error: unknown): void => {
      settle();
      reject(ParleyError.from(error));
    };
    bound
      .handle(message, context)
      .then((response) => {
        const completed = bound.method.response.create(response);
        settle();
        resolve(completed);
      })
      .catch(settleWith);
  });
  return { answer, giveUp };
}
