import type { Codec } from '@parley/kernel';

/** One method of a service contract, as the generator writes it. */
export interface MethodDescriptor<ReqInit = never, Req = unknown, ResInit = never, Res = unknown> {
  readonly name: string;
  readonly kind: 'unary' | 'bidi';
  readonly request: AnyCodec<ReqInit, Req>;
  readonly response: AnyCodec<ResInit, Res>;
}

interface AnyCodec<Init, Message> {
  readonly typeName: string;
  create(init: Init): Message;
  encode(init: Init): Uint8Array;
  decode(bytes: Uint8Array): Message;
}

export interface ServiceDescriptor {
  readonly typeName: string;
  readonly methods: Readonly<Record<string, MethodDescriptor>>;
}

type InitOf<C> = C extends Codec<infer Init, infer _Message> ? Init : never;
type MessageOf<C> = C extends { decode(bytes: Uint8Array): infer Message } ? Message : never;

export interface CallContext {
  /** Aborted when the caller gave up, its deadline passed or the connection broke. */
  readonly signal: AbortSignal;
  /** W3C traceparent of the caller; empty when the call is not traced. */
  readonly trace: string;
}

/** One end of a two-way stream. */
export interface BidiStream<Incoming, Outgoing> {
  /** Queues a message; false asks the sender to wait for `drained`. Sending on a closed stream does nothing. */
  send(message: Outgoing): boolean;
  /** Resolves when more may be sent, also when the stream has closed. */
  drained(): Promise<void>;
  /** Ends when the other side has ended; throws ParleyError when the stream broke. */
  readonly incoming: AsyncIterable<Incoming>;
  /** No more will be sent. */
  end(): void;
  /** Aborted once the stream is closed, in whatever way. */
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

export interface CallOptions {
  /** Milliseconds until the call fails with TIMEOUT; 5 000 by default for unary calls, none for streams. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly trace?: string;
}

/** What a caller gets: failures are ParleyError (UNAVAILABLE when the other side cannot be reached). */
export type ServiceClient<S extends { readonly methods: object }> = {
  readonly [M in keyof S['methods']]: S['methods'][M] extends { kind: 'unary'; request: infer Req; response: infer Res }
    ? (request: InitOf<Req>, options?: CallOptions) => Promise<MessageOf<Res>>
    : S['methods'][M] extends { kind: 'bidi'; request: infer Req; response: infer Res }
      ? (options?: CallOptions) => BidiStream<MessageOf<Res>, InitOf<Req>>
      : never;
};

/** Where a process offers its services. */
export interface RpcServer extends AsyncDisposable {
  /** host:port that peers reach it at. */
  readonly address: string;
  serve<S extends { readonly typeName: string; readonly methods: object }>(service: S, handlers: ServiceHandlers<S>): void;
}

/** Makes clients for the services at an address. Connections are shared and closed on disposal. */
export interface RpcDialer extends AsyncDisposable {
  client<S extends { readonly typeName: string; readonly methods: object }>(service: S, address: string): ServiceClient<S>;
}
