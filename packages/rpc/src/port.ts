import type { Codec } from '@parley/kernel';

/** One method of a service contract, as the generator writes it. */
export interface MethodDescriptor {
  /** Name in the contract, in PascalCase. */
  readonly name: string;
  readonly kind: 'unary' | 'bidi';
  readonly request: Codec<unknown, unknown>;
  readonly response: Codec<unknown, unknown>;
}

/** A service contract, as the generator writes it; methods by their name in camelCase. */
export interface ServiceDescriptor {
  /** Fully qualified protobuf name. */
  readonly typeName: string;
  readonly methods: Readonly<Record<string, MethodDescriptor>>;
}

type InitOf<C> = C extends Codec<infer Init, infer _Message> ? Init : never;
type MessageOf<C> = C extends { decode(bytes: Uint8Array): infer Message } ? Message : never;

/** What a handler knows about the call besides the request. */
export interface CallContext {
  /** Aborted when the caller gave up, its deadline passed or the connection broke. */
  readonly signal: AbortSignal;
  /** W3C traceparent of the caller; empty when the call is not traced. */
  readonly trace: string;
}

/** One end of a two-way stream. */
export interface BidiStream<Incoming, Outgoing> {
  /**
   * Queues a message; false asks the sender to wait for `drained`. Sending on a closed stream does nothing.
   * A sender that ignores the advice for too long breaks the stream (OVERLOADED). Throws MESSAGE_TOO_LARGE
   * where the transport has a limit; the stream goes on then.
   */
  send(message: Outgoing): boolean;
  /** Resolves when more may be sent, also when the stream has closed. */
  drained(): Promise<void>;
  /**
   * Ends when the other side has ended; throws ParleyError when the stream broke. One reader at a time; a
   * reader that leaves its loop early may come back and goes on where it left.
   */
  readonly incoming: AsyncIterable<Incoming>;
  /** No more will be sent. The server's end closes the stream, as does its handler's return. */
  end(): void;
  /** Aborted once the stream is closed, in whatever way; what came before may still be read. */
  readonly signal: AbortSignal;
}

/** What a service implements: refusals are thrown as ParleyError. */
export type ServiceHandlers<S extends { readonly methods: object }> = {
  readonly [M in keyof S['methods']]: S['methods'][M] extends { kind: 'unary'; request: infer Req; response: infer Res }
    ? (request: MessageOf<Req>, context: CallContext) => Promise<InitOf<Res>>
    : S['methods'][M] extends { kind: 'bidi'; request: infer Req; response: infer Res }
      ? (stream: BidiStream<MessageOf<Req>, InitOf<Res>>, context: CallContext) => Promise<void>
      : never;
};

/** How a call is made. */
export interface CallOptions {
  /** Milliseconds until the call fails with TIMEOUT; 5 000 by default for unary calls, none for streams. */
  readonly timeoutMs?: number;
  /** Gives the call up: a unary call fails with TIMEOUT, since it may have happened; a stream breaks. */
  readonly signal?: AbortSignal;
  /** W3C traceparent, handed to the handler. */
  readonly trace?: string;
}

/**
 * What a caller gets. Failures are ParleyError: UNAVAILABLE means that nothing happened; TIMEOUT, that
 * nobody knows (the deadline passed or the connection broke while the call was out).
 */
export type ServiceClient<S extends { readonly methods: object }> = {
  readonly [M in keyof S['methods']]: S['methods'][M] extends { kind: 'unary'; request: infer Req; response: infer Res }
    ? (request: InitOf<Req>, options?: CallOptions) => Promise<MessageOf<Res>>
    : S['methods'][M] extends { kind: 'bidi'; request: infer Req; response: infer Res }
      ? (options?: CallOptions) => BidiStream<MessageOf<Res>, InitOf<Req>>
      : never;
};

/** Names of the methods of a service that take one request and give one answer. */
export type UnaryMethod<S extends { readonly methods: object }> = {
  [M in keyof S['methods']]: S['methods'][M] extends { kind: 'unary' } ? M : never;
}[keyof S['methods']];

/** What any of the unary methods is called with. */
export type UnaryRequest<S extends { readonly methods: object }> = {
  [M in keyof S['methods']]: S['methods'][M] extends { kind: 'unary'; request: infer Req } ? InitOf<Req> : never;
}[keyof S['methods']];

/** Where a process offers its services. Disposal lets running calls finish for a moment and breaks streams. */
export interface RpcServer extends AsyncDisposable {
  /** host:port that peers reach it at. */
  readonly address: string;
  serve<S extends ServiceDescriptor>(service: S, handlers: ServiceHandlers<S>): void;
}

/** Makes clients for the services at an address. Connections are shared and closed on disposal. */
export interface RpcDialer extends AsyncDisposable {
  client<S extends ServiceDescriptor>(service: S, address: string): ServiceClient<S>;
}
