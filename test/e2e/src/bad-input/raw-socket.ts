import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { systemClock, withTimeout } from '@parley/kernel';

const patienceMs = 30_000;

/** A TCP connection to the clients' port that says whatever it wants. */
export class RawSocket {
  readonly #socket: Socket;
  readonly #ended: Promise<void>;
  #answer = '';

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (data) => {
      this.#answer += data.toString('latin1');
    });
    socket.on('error', () => {});
    this.#ended = new Promise((resolve) => {
      socket.once('close', () => resolve());
    });
  }

  static async open(url: string): Promise<RawSocket> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port) });
    await once(socket, 'connect');
    return new RawSocket(socket);
  }

  say(text: string | Uint8Array): this {
    this.#socket.write(text);
    return this;
  }

  /** Says the text one byte at a time, with pauses, until the server has had enough. */
  drip(text: string, pauseMs: number): this {
    let at = 0;
    let cancel = (): void => {};
    const next = (): void => {
      this.#socket.write(text.charAt(at++ % text.length));
      cancel = systemClock.setTimer(pauseMs, next);
    };
    next();
    this.#socket.once('close', () => cancel());
    return this;
  }

  /** Breaks the connection. */
  cut(): void {
    this.#socket.destroy();
  }

  /** What came back until the server closed the connection. */
  async ended(): Promise<string> {
    await withTimeout(systemClock, patienceMs, this.#ended, () => new Error(`still open; the server said ${JSON.stringify(this.#answer)}`));
    return this.#answer;
  }
}
