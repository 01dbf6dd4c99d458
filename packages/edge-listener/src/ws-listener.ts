import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { FramedMessage } from './framed-message.js';
import type { EdgeListener, EdgeListenerOptions, PreparedMessage } from './port.js';
import { plainAddress } from './remote-address.js';
import { chooseSubprotocol } from './subprotocol.js';
import { closeCodeOf, WsConnection, WsSocket } from './ws-connection.js';

const closeWithinMsDefault = 5_000;
const headerBytesMax = 8 * 1024;
const headersWithinMs = 10_000;
/** Node looks at the deadline above this often only, by default every 30 s. */
const headersCheckedEveryMs = 2_000;

/** Listens with `ws` on a plain HTTP server; works everywhere. Rejects when the port cannot be bound. */
export async function openWsListener(options: EdgeListenerOptions): Promise<EdgeListener> {
  const listener = new WsListener(options);
  await listener.listen();
  return listener;
}

class WsListener implements EdgeListener {
  readonly implementation = 'ws';
  readonly #options: EdgeListenerOptions;
  readonly #server: Server;
  readonly #handshakes: WebSocketServer;
  readonly #connections = new Set<WsConnection>();
  #port = 0;
  #isAccepting = true;
  #onEmpty: (() => void) | undefined;

  constructor(options: EdgeListenerOptions) {
    this.#options = options;
    this.#server = createServer({
      maxHeaderSize: headerBytesMax,
      headersTimeout: headersWithinMs,
      connectionsCheckingInterval: headersCheckedEveryMs,
    });
    this.#server.on('request', (_request, response) => {
      response.writeHead(426, { connection: 'close' }).end();
    });
    this.#server.on('upgrade', (request, stream, head) => this.#upgrade(request, stream, head));
    // A variable, because the published types do not know closeTimeout yet.
    const handshakeOptions = {
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: options.messageBytesMax,
      autoPong: false,
      closeTimeout: options.closeWithinMs ?? closeWithinMsDefault,
      WebSocket: WsSocket,
      handleProtocols: (offered: Set<string>) => options.subprotocols.find((name) => offered.has(name)) ?? false,
    };
    this.#handshakes = new WebSocketServer(handshakeOptions);
  }

  get port(): number {
    return this.#port;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host: this.#options.host, port: this.#options.port, backlog: 1024 }, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  prepare(payload: Uint8Array | string): PreparedMessage {
    return new FramedMessage(payload);
  }

  stopAccepting(): void {
    if (!this.#isAccepting) return;
    this.#isAccepting = false;
    this.#server.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stopAccepting();
    this.#server.closeAllConnections();
    if (this.#connections.size === 0) return;
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    for (const connection of this.#connections) connection.terminate();
    await empty;
  }

  #upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    stream.on('error', dropStream);
    const remoteAddress = plainAddress(request.socket.remoteAddress ?? '');
    const status = this.#refusalOf(request, remoteAddress);
    if (status !== undefined) {
      refuse(stream, status);
      return;
    }
    this.#handshakes.handleUpgrade(request, stream, head, (socket) => {
      stream.off('error', dropStream);
      this.#open(socket, stream, remoteAddress);
    });
  }

  #refusalOf({ url = '/', headers }: IncomingMessage, remoteAddress: string): number | undefined {
    if (!this.#isAccepting) return 503;
    const path = url.split('?', 1)[0] ?? '/';
    const forwardedFor = [headers['x-forwarded-for'] ?? ''].flat().join(', ');
    const status = this.#options.events.handshake({ remoteAddress, origin: headers.origin ?? '', forwardedFor, path });
    if (status !== undefined) return status;
    const chosen = chooseSubprotocol(headers['sec-websocket-protocol'] ?? '', this.#options.subprotocols);
    return chosen === undefined ? 400 : undefined;
  }

  #open(socket: WebSocket, stream: Duplex, remoteAddress: string): void {
    if (!(socket instanceof WsSocket)) throw new TypeError('the server was told to make WsSockets');
    const { events, bufferBytesMax } = this.#options;
    const connection = new WsConnection({ socket, stream, remoteAddress, bufferBytesMax, events });
    this.#connections.add(connection);
    socket.on('message', onMessage);
    socket.on('ping', onPing);
    socket.on('error', onError);
    socket.on('close', this.#onClose);
    events.opened(connection);
  }

  readonly #onClose = closeHandler((connection, code) => {
    this.#connections.delete(connection);
    connection.ended(code);
    if (this.#connections.size === 0) this.#onEmpty?.();
  });
}

function dropStream(this: Duplex): void {
  this.destroy();
}

function refuse(stream: Duplex, status: number): void {
  const reason = STATUS_CODES[status] ?? 'Refused';
  stream.end(`HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => stream.destroy());
}

const connectionOf = (socket: WebSocket): WsConnection | undefined => (socket instanceof WsSocket ? socket.connection : undefined);

function onMessage(this: WebSocket, data: unknown, isBinary: boolean): void {
  // With the default binaryType a message is always one Buffer.
  if (Buffer.isBuffer(data)) connectionOf(this)?.receive(data, isBinary);
}

function onPing(this: WebSocket, payload: Buffer): void {
  connectionOf(this)?.answerPing(payload);
}

function onError(this: WebSocket, error: Error): void {
  connectionOf(this)?.fail(closeCodeOf(error));
}

function closeHandler(onClosed: (connection: WsConnection, code: number) => void): (this: WebSocket, code: number) => void {
  return function (this: WebSocket, code: number): void {
    const connection = connectionOf(this);
    if (connection !== undefined) onClosed(connection, code);
  };
}
