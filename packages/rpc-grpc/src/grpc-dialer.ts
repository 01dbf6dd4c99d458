import { Client, Metadata, type ServiceError, status, type StatusObject } from '@grpc/grpc-js';
import { type Clock, ParleyError, systemClock } from '@parley/kernel';
import {
  type BidiStream,
  brokenError,
  type CallOptions,
  createClient,
  givenUpError,
  type MethodDescriptor,
  type RpcDialer,
  rpcLimits,
  type ServiceClient,
  type ServiceDescriptor,
} from '@parley/rpc';
import { errorOfStatus } from './call-status.js';
import { clientOptions } from './channel-options.js';
import { GrpcStream } from './grpc-stream.js';
import { grpcLimits } from './limits.js';
import { decodeMessage, encodeMessage, passBytes } from './message-bytes.js';
import { channelCredentials, type GrpcTls } from './tls.js';

export interface GrpcDialerOptions {
  readonly tls?: GrpcTls;
  /** Wall clock that deadlines are counted from; the system's by default. */
  readonly clock?: Clock;
}

/** Makes clients that call over gRPC: one HTTP/2 connection per address, made when first used. */
export const createGrpcDialer = (options: GrpcDialerOptions = {}): RpcDialer => new GrpcDialer(options);

interface Target {
  readonly address: string;
  readonly path: string;
  readonly method: MethodDescriptor;
}

class GrpcDialer implements RpcDialer {
  readonly #options: GrpcDialerOptions;
  readonly #clock: Clock;
  readonly #connections = new Map<string, Client>();
  readonly #streams = new Set<GrpcStream>();
  #isClosed = false;

  constructor(options: GrpcDialerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  client<S extends ServiceDescriptor>(service: S, address: string): ServiceClient<S> {
    const targetOf = (method: MethodDescriptor): Target => ({ address, method, path: `/${service.typeName}/${method.name}` });
    return createClient(service, {
      unary: async (method, request, options) => this.#unary(targetOf(method), request, options),
      bidi: (method, options) => this.#open(targetOf(method), options),
    });
  }

  #unary({ address, path, method }: Target, request: unknown, options: CallOptions): Promise<unknown> {
    const { signal } = options;
    if (signal?.aborted) throw givenUpError(signal);
    const bytes = encodeMessage(method.request, request);
    const connection = this.#connectionTo(address);
    const deadline = this.#clock.now() + (options.timeoutMs ?? rpcLimits.callTimeoutMs);
    return new Promise((resolve, reject) => {
      const onAbort = (): void => cancelSoon(call);
      const done = (error: ServiceError | null, response?: Buffer): void => {
        signal?.removeEventListener('abort', onAbort);
        try {
          if (error !== null) throw signal?.aborted === true ? givenUpError(signal) : errorOfStatus(error);
          resolve(decodeMessage(method.response, response ?? new Uint8Array(0)));
        } catch (failure) {
          reject(failure);
        }
      };
      const call = connection.makeUnaryRequest(path, passBytes, passBytes, bytes, metadataOf(options), { deadline }, done);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  #open({ address, path, method }: Target, options: CallOptions): BidiStream<unknown, unknown> {
    const { signal, timeoutMs } = options;
    const connection = this.#connectionTo(address);
    const callOptions = timeoutMs === undefined ? {} : { deadline: this.#clock.now() + timeoutMs };
    const call = connection.makeBidiStreamRequest<Buffer, Buffer>(path, passBytes, passBytes, metadataOf(options), callOptions);
    const stream = new GrpcStream(call, { incoming: method.response, outgoing: method.request, reset: () => cancelSoon(call) });
    const onAbort = (): void => stream.break(signal?.reason instanceof ParleyError ? signal.reason : brokenError('the caller gave it up'));
    let failure: ParleyError | undefined;
    call.on('status', (received: StatusObject) => {
      failure = received.code === status.OK ? undefined : streamFailure(received);
      this.#streams.delete(stream);
      signal?.removeEventListener('abort', onAbort);
      stream.close(failure ?? 'the stream has ended');
    });
    call.on('end', () => stream.incoming.end(failure));
    call.on('error', () => {}); // the status says the same
    this.#streams.add(stream);
    if (signal?.aborted) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
    return stream;
  }

  #connectionTo(address: string): Client {
    if (this.#isClosed) throw new ParleyError('UNAVAILABLE', 'this client has been closed');
    const known = this.#connections.get(address);
    const connection = known ?? new Client(address, channelCredentials(this.#options.tls), clientOptions);
    this.#connections.delete(address);
    this.#connections.set(address, connection);
    if (this.#connections.size > grpcLimits.connectionsMax) this.#closeOldest();
    return connection;
  }

  #closeOldest(): void {
    for (const [address, connection] of this.#connections) {
      this.#connections.delete(address);
      connection.close();
      return;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const stream of [...this.#streams]) stream.break(brokenError('the client was closed'));
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
    return Promise.resolve();
  }
}

/**
 * Cancels a call in a turn of the event loop of its own. Node's HTTP/2 flushes a connection when one of its streams is reset. Where
 * that happens while it reads frames of the same connection, as it does when the end of one stream gives up another one, it may
 * send empty frames without end (seen with Node 20.20): memory grows, and nothing else ever runs again.
 */
function cancelSoon(call: { cancel(): void }): void {
  setImmediate(() => call.cancel());
}

/** What a stream brought is known, so a broken connection is just that. */
function streamFailure(received: StatusObject): ParleyError {
  const failure = errorOfStatus(received);
  const isDeadline = received.code === status.DEADLINE_EXCEEDED;
  return failure.error === 'TIMEOUT' && !isDeadline ? brokenError(received.details) : failure;
}

function metadataOf({ trace }: CallOptions): Metadata {
  const metadata = new Metadata();
  if (trace !== undefined && trace !== '') metadata.set('traceparent', trace);
  return metadata;
}
