import { WebSocket } from 'ws';
import type { WebSocketLike } from '@parley/sdk';

/** The sockets of one client, and everything that can happen to them. */
export class WeakLine {
  readonly #live = new Set<WebSocket>();
  #isDeaf = false;
  #framesLeft = Number.POSITIVE_INFINITY;
  #opened = 0;
  #url: string | undefined;

  /** For `ClientOptions.webSocket`. */
  readonly factory = (url: string, protocols: string[]): WebSocketLike => {
    const socket = new WebSocket(this.#url ?? url, protocols, { perMessageDeflate: false });
    this.#opened++;
    this.#live.add(socket);
    socket.once('close', () => this.#live.delete(socket));
    socket.once('open', () => {
      if (this.#isDeaf) socket.pause();
    });
    const send = socket.send.bind(socket);
    socket.send = (data: Parameters<typeof send>[0]) => {
      send(data);
      if (--this.#framesLeft > 0) return;
      this.#framesLeft = Number.POSITIVE_INFINITY;
      // In order, so that what was written arrives; but nothing is heard any more.
      socket.pause();
      socket.close();
      setImmediate(() => socket.terminate());
    };
    return socket as unknown as WebSocketLike;
  };

  /** How many sockets there have been. */
  get opened(): number {
    return this.#opened;
  }

  /** Breaks the connection as a dead network would: no closing handshake. */
  cut(): void {
    for (const socket of this.#live) socket.terminate();
  }

  /** Breaks the connection right after that many further WebSocket messages were written. */
  cutAfter(messages: number): void {
    this.#framesLeft = messages;
  }

  /** What the server says no longer arrives; what the client says still does. */
  deafen(): void {
    this.#isDeaf = true;
    for (const socket of this.#live) socket.pause();
  }

  /** Connections from the next one on hear again. */
  heal(): void {
    this.#isDeaf = false;
  }

  /** Connections from the next one on go to another gateway. */
  moveTo(url: string): void {
    this.#url = url;
  }
}
