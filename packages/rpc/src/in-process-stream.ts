import { ParleyError } from '@parley/kernel';
import { brokenError } from './call-errors.js';
import { Inbox } from './inbox.js';
import { rpcLimits } from './limits.js';
import type { BidiStream, MethodDescriptor } from './port.js';

/** Both ends of a stream within one process. Messages are handed over as they are, completed by their codec. */
export class InProcessStream {
  readonly client: BidiStream<unknown, unknown>;
  readonly server: BidiStream<unknown, unknown>;
  readonly #clientEnd: StreamEnd;
  readonly #serverEnd: StreamEnd;
  readonly #closed = new AbortController();
  readonly #onClose: () => void;

  constructor(method: MethodDescriptor, onClose: () => void) {
    const overflow = (): void => this.break(new ParleyError('OVERLOADED', 'the stream is not read fast enough'));
    const hooks = { signal: this.#closed.signal, overflow };
    this.#clientEnd = new StreamEnd(method.request.create.bind(method.request), { ...hooks, onEnd: () => this.#serverEnd.incoming.end() });
    this.#serverEnd = new StreamEnd(method.response.create.bind(method.response), { ...hooks, onEnd: () => this.finish() });
    this.#clientEnd.connect(this.#serverEnd);
    this.#serverEnd.connect(this.#clientEnd);
    this.client = this.#clientEnd;
    this.server = this.#serverEnd;
    this.#onClose = onClose;
  }

  get signal(): AbortSignal {
    return this.#closed.signal;
  }

  /** The server is through: the client reads what is left, then the end or the error. */
  finish(error?: ParleyError): void {
    this.#clientEnd.incoming.end(error);
    this.#serverEnd.incoming.abandon();
    this.#close(error ?? 'the stream has ended');
  }

  /** Stops both sides where they are. */
  break(error: ParleyError): void {
    this.#clientEnd.incoming.abandon(error);
    this.#serverEnd.incoming.abandon(error);
    this.#close(error);
  }

  #close(reason: unknown): void {
    if (this.#closed.signal.aborted) return;
    this.#onClose();
    this.#closed.abort(reason);
    this.#clientEnd.wake();
    this.#serverEnd.wake();
  }
}

interface StreamHooks {
  readonly signal: AbortSignal;
  readonly overflow: () => void;
  readonly onEnd: () => void;
}

class StreamEnd implements BidiStream<unknown, unknown> {
  readonly incoming: Inbox<unknown>;
  readonly signal: AbortSignal;
  readonly #create: (message: unknown) => unknown;
  readonly #hooks: StreamHooks;
  #peer: StreamEnd | undefined;
  #hasEnded = false;
  #waiters: (() => void)[] = [];

  constructor(create: (message: unknown) => unknown, hooks: StreamHooks) {
    this.#create = create;
    this.#hooks = hooks;
    this.signal = hooks.signal;
    this.incoming = new Inbox({
      capacity: rpcLimits.streamQueueMax,
      low: rpcLimits.streamQueueSoft / 2,
      onLow: () => this.#peer?.wake(),
    });
  }

  connect(peer: StreamEnd): void {
    this.#peer = peer;
  }

  send(message: unknown): boolean {
    const inbox = this.#peer?.incoming;
    if (inbox === undefined || this.#hasEnded || !inbox.isOpen) return true;
    if (!inbox.push(this.#create(message))) this.#hooks.overflow();
    return inbox.size < rpcLimits.streamQueueSoft;
  }

  drained(): Promise<void> {
    const waiting = this.#peer?.incoming.size ?? 0;
    if (this.signal.aborted || waiting < rpcLimits.streamQueueSoft) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#hooks.onEnd();
  }

  /** Lets those go on who wait for `drained`. */
  wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}

/** Breaks the stream when the signal is aborted; returns the way to stop listening. */
export function breakOnAbort(stream: InProcessStream, signal: AbortSignal | undefined): () => void {
  if (signal === undefined) return () => {};
  const onAbort = (): void => stream.break(signal.reason instanceof ParleyError ? signal.reason : brokenError('the caller gave it up'));
  if (signal.aborted) {
    onAbort();
    return () => {};
  }
  signal.addEventListener('abort', onAbort, { once: true });
  return () => signal.removeEventListener('abort', onAbort);
}
