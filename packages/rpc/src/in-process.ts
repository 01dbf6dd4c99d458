import { ParleyError, sleep, systemClock, type Clock } from '@parley/kernel';
import { brokenError, givenUpError } from './call-errors.js';
import { createClient } from './client.js';
import { bindHandlers, type BoundMethod, type FaultListener } from './handlers.js';
import { breakOnAbort, InProcessStream } from './in-process-stream.js';
import { callInProcess, type InProcessUnary } from './in-process-unary.js';
import { rpcLimits } from './limits.js';
import type {
  BidiStream,
  CallOptions,
  MethodDescriptor,
  RpcDialer,
  RpcServer,
  ServiceClient,
  ServiceDescriptor,
  ServiceHandlers,
} from './port.js';

export interface InProcessOptions {
  /** Used for deadlines; the system clock by default. */
  readonly clock?: Clock;
  /** Told about what handlers throw and should not. */
  readonly onFault?: FaultListener;
}

/** Servers and clients that share a process. */
export interface InProcessRpc {
  /** A server at an address of its own; "local" by default. Throws when the address is taken. */
  server(address?: string): RpcServer;
  readonly dialer: RpcDialer;
}

/**
 * Service calls within one process. Messages are completed by their codec and handed over by reference:
 * nothing is encoded, and there is no size limit.
 */
export function createInProcessRpc(options: InProcessOptions = {}): InProcessRpc {
  const clock = options.clock ?? systemClock;
  const onFault = options.onFault ?? (() => {});
  const servers = new Map<string, InProcessServer>();
  return {
    server: (address = 'local') => {
      if (servers.has(address)) throw new Error(`there is a server at ${address} already`);
      const server = new InProcessServer({ address, clock, onFault, onClose: () => servers.delete(address) });
      servers.set(address, server);
      return server;
    },
    dialer: new InProcessDialer(servers),
  };
}

interface ServerOptions {
  readonly address: string;
  readonly clock: Clock;
  readonly onFault: FaultListener;
  readonly onClose: () => void;
}

class InProcessServer implements RpcServer {
  readonly address: string;
  readonly #options: ServerOptions;
  readonly #services = new Map<string, ReadonlyMap<string, BoundMethod>>();
  readonly #calls = new Set<InProcessUnary>();
  readonly #streams = new Set<InProcessStream>();

  constructor(options: ServerOptions) {
    this.address = options.address;
    this.#options = options;
  }

  serve<S extends ServiceDescriptor>(service: S, handlers: ServiceHandlers<S>): void {
    if (this.#services.has(service.typeName)) throw new Error(`${service.typeName} is served already`);
    this.#services.set(service.typeName, bindHandlers(service, handlers, this.#options.onFault));
  }

  async unary(service: string, method: string, input: { readonly request: unknown; readonly options: CallOptions }): Promise<unknown> {
    const bound = this.#find(service, method, 'unary');
    if (input.options.signal?.aborted) throw givenUpError(input.options.signal);
    const call = callInProcess(bound, input.request, { clock: this.#options.clock, options: input.options });
    this.#calls.add(call);
    try {
      return await call.answer;
    } finally {
      this.#calls.delete(call);
    }
  }

  open(service: string, method: string, options: CallOptions): InProcessStream {
    const bound = this.#find(service, method, 'bidi');
    const stream = new InProcessStream(bound.method, () => {
      this.#streams.delete(stream);
      stopListening();
      cancelTimer();
    });
    this.#streams.add(stream);
    let stopListening = (): void => {};
    const { timeoutMs } = options;
    const cancelTimer =
      timeoutMs === undefined
        ? () => {}
        : this.#options.clock.setTimer(timeoutMs, () => stream.break(new ParleyError('TIMEOUT', `not over within ${timeoutMs} ms`)));
    stopListening = breakOnAbort(stream, options.signal);
    const context = { signal: stream.signal, trace: options.trace ?? '' };
    queueMicrotask(() => {
      if (stream.signal.aborted) return;
      bound.handle(stream.server, context).then(
        () => stream.finish(),
        (error: unknown) => stream.finish(ParleyError.from(error)),
      );
    });
    return stream;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#options.onClose();
    const goingAway = brokenError('the server is shutting down');
    for (const stream of [...this.#streams]) stream.break(goingAway);
    if (this.#calls.size === 0) return;
    const enough = new AbortController();
    const finished = Promise.allSettled([...this.#calls].map((call) => call.answer)).then(() => enough.abort());
    const drained = sleep(this.#options.clock, rpcLimits.drainMs, enough.signal).catch(() => {});
    await Promise.race([finished, drained]);
    for (const call of this.#calls) call.giveUp(new ParleyError('TIMEOUT', 'the server has shut down'));
  }

  #find<Kind extends BoundMethod['type']>(service: string, method: string, type: Kind): BoundMethod & { readonly type: Kind } {
    const bound = this.#services.get(service)?.get(method);
    if (bound?.type !== type) throw new ParleyError('UNSUPPORTED', `${service}/${method}`);
    return bound as BoundMethod & { readonly type: Kind };
  }
}

class InProcessDialer implements RpcDialer {
  readonly #servers: ReadonlyMap<string, InProcessServer>;
  readonly #streams = new Set<InProcessStream>();
  #isClosed = false;

  constructor(servers: ReadonlyMap<string, InProcessServer>) {
    this.#servers = servers;
  }

  client<S extends ServiceDescriptor>(service: S, address: string): ServiceClient<S> {
    return createClient(service, {
      unary: async (method, request, options) => this.#at(address).unary(service.typeName, method.name, { request, options }),
      bidi: (method, options) => this.#open(service.typeName, method, { address, options }),
    });
  }

  /** A stream that cannot be opened is one that breaks at once, as it is over a network. */
  #open(
    service: string,
    method: MethodDescriptor,
    to: { readonly address: string; readonly options: CallOptions },
  ): BidiStream<unknown, unknown> {
    try {
      const stream = this.#at(to.address).open(service, method.name, to.options);
      if (stream.signal.aborted) return stream.client;
      this.#streams.add(stream);
      stream.signal.addEventListener('abort', () => this.#streams.delete(stream), { once: true });
      return stream.client;
    } catch (error) {
      const stream = new InProcessStream(method, () => {});
      stream.break(ParleyError.from(error));
      return stream.client;
    }
  }

  #at(address: string): InProcessServer {
    if (this.#isClosed) throw new ParleyError('UNAVAILABLE', 'this client has been closed');
    const server = this.#servers.get(address);
    if (server === undefined) throw new ParleyError('UNAVAILABLE', `no server at ${address}`);
    return server;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const stream of [...this.#streams]) stream.break(brokenError('the client was closed'));
    return Promise.resolve();
  }
}
