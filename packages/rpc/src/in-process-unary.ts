import { ParleyError, type Clock } from '@parley/kernel';
import { LazyCallContext } from './call-context.js';
import { deadlineError, givenUpError } from './call-errors.js';
import type { BoundMethod } from './handlers.js';
import { rpcLimits } from './limits.js';
import type { CallOptions } from './port.js';

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
  const context = new LazyCallContext(options.trace ?? '');
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
