import { type sendUnaryData, Server, type ServerDuplexStream, type ServerUnaryCall, type UntypedHandleCall } from '@grpc/grpc-js';
import { type Clock, ParleyError, sleep, systemClock } from '@parley/kernel';
import {
  bindHandlers,
  type BoundMethod,
  brokenError,
  type FaultListener,
  LazyCallContext,
  type RpcServer,
  rpcLimits,
  type ServiceDescriptor,
  type ServiceHandlers,
} from '@parley/rpc';
import { HealthImplementation } from 'grpc-health-check';
import { statusOf } from './call-status.js';
import { commonOptions } from './channel-options.js';
import { GrpcStream } from './grpc-stream.js';
import { decodeMessage, encodeMessage, passBytes } from './message-bytes.js';
import { type GrpcTls, serverCredentials } from './tls.js';

export interface GrpcServerOptions {
  /** Interface to listen on. */
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Host that peers reach this process at; the listening host by default. */
  readonly advertisedHost?: string;
  readonly tls?: GrpcTls;
  /** Told about what handlers throw and should not. */
  readonly onFault?: FaultListener;
  readonly clock?: Clock;
}

/** A server that also answers grpc.health.v1. */
export interface GrpcServer extends RpcServer {
  /** What the health service answers; SERVING from the start. */
  setServing(isServing: boolean): void;
}

/** Listens for calls; resolves once the port is taken. */
export async function listenGrpc(options: GrpcServerOptions): Promise<GrpcServer> {
  const server = new Server(commonOptions);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${bracketed(options.host)}:${options.port}`, serverCredentials(options.tls), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return new RunningServer(server, `${bracketed(options.advertisedHost ?? options.host)}:${port}`, options);
}

const bracketed = (host: string): string => (host.includes(':') && !host.startsWith('[') ? `[${host}]` : host);

class RunningServer implements GrpcServer {
  readonly address: string;
  readonly #server: Server;
  readonly #clock: Clock;
  readonly #onFault: FaultListener;
  readonly #health = new HealthImplementation({ '': 'SERVING' });
  readonly #streams = new Set<GrpcStream>();
  readonly #running = new Set<Promise<void>>();
  #closing: Promise<void> | undefined;

  constructor(server: Server, address: string, options: GrpcServerOptions) {
    this.#server = server;
    this.address = address;
    this.#clock = options.clock ?? systemClock;
    this.#onFault = options.onFault ?? (() => {});
    this.#health.addToServer(server);
  }

  serve<S extends ServiceDescriptor>(service: S, handlers: ServiceHandlers<S>): void {
    for (const [name, bound] of bindHandlers(service, handlers, this.#onFault)) {
      const isBidi = bound.type === 'bidi';
      const handler: UntypedHandleCall = bound.type === 'bidi' ? this.#bidiHandler(bound) : this.#unaryHandler(bound);
      const path = `/${service.typeName}/${name}`;
      if (!this.#server.register(path, handler, passBytes, passBytes, isBidi ? 'bidi' : 'unary')) {
        throw new Error(`${path} is served already`);
      }
    }
  }

  setServing(isServing: boolean): void {
    this.#health.setStatus('', isServing ? 'SERVING' : 'NOT_SERVING');
  }

  #unaryHandler({ method, handle }: BoundMethod & { readonly type: 'unary' }) {
    const run = async (call: ServerUnaryCall<Buffer, Buffer>): Promise<Buffer> => {
      const context = new LazyCallContext(traceOf(call));
      call.on('cancelled', () => context.abort(new ParleyError('TIMEOUT', 'the caller went away')));
      return encodeMessage(method.response, await handle(decodeMessage(method.request, call.request), context));
    };
    return (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>): void => {
      if (this.#closing !== undefined) {
        answer(statusOf(closingError()));
        return;
      }
      const answered = run(call).then(
        (bytes) => answer(null, bytes),
        (error: unknown) => answer(statusOf(ParleyError.from(error))),
      );
      this.#running.add(answered);
      void answered.finally(() => this.#running.delete(answered));
    };
  }

  #bidiHandler(bound: BoundMethod & { readonly type: 'bidi' }) {
    return (call: ServerDuplexStream<Buffer, Buffer>): void => {
      if (this.#closing !== undefined) {
        call.emit('error', statusOf(closingError()));
        return;
      }
      const stream = new GrpcStream(call, {
        incoming: bound.method.request,
        outgoing: bound.method.response,
        onEnd: () => this.#closed(stream, call),
        reset: (error) => {
          this.#streams.delete(stream);
          call.emit('error', statusOf(error));
        },
      });
      this.#streams.add(stream);
      // A stream that was reset ends too, and is cancelled right after.
      call.on('end', () => setImmediate(() => stream.incoming.end()));
      call.on('cancelled', () => stream.break(brokenError('the caller went away')));
      bound.handle(stream, { signal: stream.signal, trace: traceOf(call) }).then(
        () => this.#finish(stream, call),
        (error: unknown) => this.#finish(stream, call, ParleyError.from(error)),
      );
    };
  }

  /** The handler is through. */
  #finish(stream: GrpcStream, call: ServerDuplexStream<Buffer, Buffer>, error?: ParleyError): void {
    if (stream.signal.aborted) return;
    if (error === undefined) {
      stream.end();
      return;
    }
    call.emit('error', statusOf(error));
    this.#closed(stream, call, error);
  }

  /** What the caller still sends is of no interest; it is read so that the call can end. */
  #closed(stream: GrpcStream, call: ServerDuplexStream<Buffer, Buffer>, error?: ParleyError): void {
    this.#streams.delete(stream);
    stream.incoming.abandon();
    call.resume();
    stream.close(error ?? 'the stream has ended');
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** New calls are refused while the running ones finish; only then do connections close, so that nobody is left in doubt. */
  async #close(): Promise<void> {
    this.setServing(false);
    for (const stream of [...this.#streams]) stream.break(closingError());
    await this.#atMost(Promise.allSettled([...this.#running]));
    await this.#atMost(new Promise((resolve) => this.#server.tryShutdown(resolve)));
    this.#server.forceShutdown();
  }

  async #atMost(work: Promise<unknown>): Promise<void> {
    const enough = new AbortController();
    const timeout = sleep(this.#clock, rpcLimits.drainMs, enough.signal).catch(() => {});
    await Promise.race([work, timeout]);
    enough.abort();
  }
}

const closingError = (): ParleyError => new ParleyError('UNAVAILABLE', 'the server is shutting down');

function traceOf(call: ServerUnaryCall<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>): string {
  return String(call.metadata.get('traceparent')[0] ?? '');
}
