import { type Codec, ParleyError } from '@parley/kernel';
import { type BidiStream, Inbox } from '@parley/rpc';
import { grpcLimits } from './limits.js';
import { decodeMessage, encodeMessage } from './message-bytes.js';

/** What a stream needs of a call, on either side. */
export interface DuplexCall {
  on(event: 'data', listener: (bytes: Buffer) => void): unknown;
  write(bytes: Buffer, written: () => void): unknown;
  end(): unknown;
  pause(): unknown;
  resume(): unknown;
}

export interface GrpcStreamOptions {
  readonly incoming: Codec<unknown, unknown>;
  readonly outgoing: Codec<unknown, unknown>;
  /** Called once this side has ended by itself. */
  readonly onEnd?: () => void;
  /** Makes gRPC give the call up. */
  readonly reset: (error: ParleyError) => void;
}

/**
 * One end of a stream over a gRPC call. Reading ahead stops at a few messages, which closes the HTTP/2
 * window; writing counts the bytes that gRPC has not handed to the connection yet.
 */
export class GrpcStream implements BidiStream<unknown, unknown> {
  readonly incoming: Inbox<unknown>;
  readonly #call: DuplexCall;
  readonly #options: GrpcStreamOptions;
  readonly #closed = new AbortController();
  #pendingBytes = 0;
  #hasEnded = false;
  #waiters: (() => void)[] = [];

  constructor(call: DuplexCall, options: GrpcStreamOptions) {
    this.#call = call;
    this.#options = options;
    this.incoming = new Inbox({
      capacity: 4 * grpcLimits.streamReadAhead,
      low: grpcLimits.streamReadAhead / 2,
      onLow: () => call.resume(),
    });
    call.on('data', (bytes: Buffer) => this.#receive(bytes));
  }

  get signal(): AbortSignal {
    return this.#closed.signal;
  }

  send(message: unknown): boolean {
    if (this.#hasEnded || this.signal.aborted) return true;
    const bytes = encodeMessage(this.#options.outgoing, message);
    this.#pendingBytes += bytes.length;
    this.#call.write(bytes, () => this.#written(bytes.length));
    if (this.#pendingBytes > grpcLimits.streamBytesMax) {
      this.break(new ParleyError('OVERLOADED', 'the stream is not read fast enough'));
      return true;
    }
    return this.#pendingBytes < grpcLimits.streamBytesSoft;
  }

  drained(): Promise<void> {
    if (this.signal.aborted || this.#pendingBytes < grpcLimits.streamBytesSoft) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  end(): void {
    if (this.#hasEnded || this.signal.aborted) return;
    this.#hasEnded = true;
    this.#call.end();
    this.#options.onEnd?.();
  }

  /** Stops both directions where they are. */
  break(error: ParleyError): void {
    if (this.signal.aborted) return;
    this.incoming.abandon(error);
    this.close(error);
    this.#options.reset(error);
  }

  /** The call is over; what has come in may still be read. */
  close(reason: unknown): void {
    if (this.signal.aborted) return;
    this.#closed.abort(reason);
    this.#wake();
  }

  #receive(bytes: Buffer): void {
    try {
      const hasRoom = this.incoming.push(decodeMessage(this.#options.incoming, bytes));
      if (!hasRoom) throw new ParleyError('OVERLOADED', 'more messages than were asked for');
    } catch (error) {
      this.break(ParleyError.from(error));
      return;
    }
    if (this.incoming.size >= grpcLimits.streamReadAhead) this.#call.pause();
  }

  #written(bytes: number): void {
    this.#pendingBytes -= bytes;
    if (this.#waiters.length > 0 && this.#pendingBytes < grpcLimits.streamBytesSoft / 2) this.#wake();
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}
