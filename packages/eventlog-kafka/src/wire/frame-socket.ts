import { connect, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type { CancelTimer, Clock } from '@parley/kernel';
import { responseBytesMax } from '../limits.js';
import { type Address, parseAddress } from './address.js';
import { ByteWriter, stringSize } from './byte-writer.js';
import { ConnectionError } from './connection-error.js';

/** How to reach brokers. */
export interface SocketOptions {
  readonly clock: Clock;
  readonly clientId: string;
  /** TLS options of Node; absent means plain TCP. */
  readonly tls?: ConnectionOptions | undefined;
}

interface Waiting {
  readonly resolve: (body: Buffer) => void;
  readonly reject: (error: ConnectionError) => void;
  readonly cancel: CancelTimer;
}

/**
 * Request and response frames over one TCP or TLS connection (Kafka protocol guide, "Protocol Primitives").
 * A broker answers the requests of a connection one after the other, so a request that is late means that the
 * connection is of no more use: it is closed and everything that waits on it fails.
 */
export class FrameSocket {
  readonly address: Address;
  readonly #options: SocketOptions;
  readonly #socket: Socket;
  readonly #opened: Promise<void>;
  readonly #waiting = new Map<number, Waiting>();
  #chunks: Buffer[] = [];
  #bufferedBytes = 0;
  #wantedBytes = 4;
  #lastId = 0;
  #closeReason: string | undefined;
  #isSilence = false;
  #isRetired = false;

  constructor(address: Address, options: SocketOptions) {
    this.address = address;
    this.#options = options;
    const { host, port } = parseAddress(address);
    const name = isIP(host) ? {} : { servername: host };
    const { tls } = options;
    this.#socket = tls ? connectTls({ host, port, ...name, ...tls }) : connect({ host, port });
    this.#socket.setNoDelay(true).setKeepAlive(true, 30_000);
    this.#opened = new Promise((resolve, reject) => {
      this.#socket.once(tls ? 'secureConnect' : 'connect', () => resolve());
      this.#socket.once('close', () => reject(this.#error(false)));
    });
    this.#opened.catch(() => {}); // whoever asks gets it
    this.#socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    this.#socket.on('error', (error) => this.close(error.message));
    this.#socket.on('close', () => this.close('closed by the broker'));
  }

  get isOpen(): boolean {
    return this.#closeReason === undefined;
  }

  /** Resolves when requests can be sent; rejects when the connection failed. */
  opened(): Promise<void> {
    return this.#opened;
  }

  /** The body of the answer; rejects with {@link ConnectionError}. */
  request(api: { readonly apiKey: number; readonly apiVersion: number }, body: Buffer, timeoutMs: number): Promise<Buffer> {
    if (!this.isOpen) return Promise.reject(this.#error(false));
    this.#lastId = (this.#lastId + 1) & 0x7fffffff;
    const id = this.#lastId;
    const header = new ByteWriter(12 + stringSize(this.#options.clientId));
    header.int32(header.bytes.length - 4 + body.length);
    header.int16(api.apiKey).int16(api.apiVersion).int32(id).string(this.#options.clientId);
    return new Promise((resolve, reject) => {
      const cancel = this.#options.clock.setTimer(timeoutMs, () => this.#end(`no answer within ${timeoutMs} ms`, true));
      this.#waiting.set(id, { resolve, reject, cancel });
      this.#socket.cork();
      this.#socket.write(header.bytes);
      this.#socket.write(body);
      this.#socket.uncork();
    });
  }

  /** Ends the connection at once; what waits for an answer is rejected. Closing twice does nothing. */
  close(reason: string): void {
    this.#end(reason, false);
  }

  /** Closes once nothing waits for an answer any more. */
  retire(): void {
    this.#isRetired = true;
    if (this.#waiting.size === 0) this.close('replaced');
  }

  #end(reason: string, isSilence: boolean): void {
    if (!this.isOpen) return;
    this.#closeReason = reason;
    this.#isSilence = isSilence;
    this.#socket.destroy();
    this.#chunks = [];
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { cancel, reject } of waiting) {
      cancel();
      reject(this.#error(true));
    }
  }

  #error(wasSent: boolean): ConnectionError {
    const message = `broker ${this.address}: ${this.#closeReason ?? 'connection closed'}`;
    return new ConnectionError(message, { wasSent, isSilence: this.#isSilence });
  }

  #onData(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bufferedBytes += chunk.length;
    while (this.isOpen && this.#bufferedBytes >= this.#wantedBytes) {
      const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
      const size = bytes.readInt32BE(0);
      if (size < 4 || size > responseBytesMax) {
        this.close(`a frame of ${size} bytes`);
        return;
      }
      if (bytes.length >= 4 + size) this.#onFrame(bytes.subarray(4, 4 + size));
      const isComplete = bytes.length >= 4 + size;
      const rest = isComplete ? bytes.subarray(4 + size) : bytes;
      this.#chunks = rest.length > 0 ? [rest] : [];
      this.#bufferedBytes = rest.length;
      this.#wantedBytes = isComplete ? 4 : 4 + size;
      chunk = rest;
    }
  }

  #onFrame(frame: Buffer): void {
    const id = frame.readInt32BE(0);
    const waiting = this.#waiting.get(id);
    if (!waiting) {
      this.close(`an answer to request ${id}, which nobody asked`);
      return;
    }
    this.#waiting.delete(id);
    waiting.cancel();
    waiting.resolve(frame.subarray(4));
    if (this.#isRetired) this.retire();
  }
}
