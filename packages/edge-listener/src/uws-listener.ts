import { STATUS_CODES } from 'node:http';
import type { EdgeListener, EdgeListenerOptions, PreparedMessage } from './port.js';
import { plainAddress } from './remote-address.js';
import { chooseSubprotocol } from './subprotocol.js';
import { UwsConnection, type UwsData, UwsMessage } from './uws-connection.js';
import type { UwsApp, UwsListenSocket, UwsModule, UwsRequest, UwsResponse } from './uws-native.js';

/** Seconds of silence after which the native side pings and, 8 s later, drops; behind any heartbeat of the caller. */
const idleTimeoutSeconds = 120;
/**
 * Natively, a message over the limit just cuts the connection. Those that are not much too long are let in
 * up to here, so that the client is told 1009.
 */
const roomForRefusal = 4;

/** Listens with uWebSockets.js. Rejects when the port cannot be bound. */
export async function openUwsListener(module: UwsModule, options: EdgeListenerOptions): Promise<EdgeListener> {
  const listener = new UwsListener(module, options);
  await listener.listen();
  return listener;
}

class UwsListener implements EdgeListener {
  readonly implementation = 'uws';
  readonly #module: UwsModule;
  readonly #options: EdgeListenerOptions;
  readonly #app: UwsApp;
  readonly #connections = new Set<UwsConnection>();
  #listenSocket: UwsListenSocket | undefined;
  #port = 0;

  constructor(module: UwsModule, options: EdgeListenerOptions) {
    this.#module = module;
    this.#options = options;
    this.#app = module.App();
    this.#app.ws<UwsData>('/*', {
      maxPayloadLength: options.messageBytesMax * roomForRefusal,
      maxBackpressure: options.bufferBytesMax,
      idleTimeout: idleTimeoutSeconds,
      sendPingsAutomatically: true,
      compression: 0,
      upgrade: (response, request, context) => this.#upgrade(response, request, context),
      open: (socket) => {
        const { connection } = socket.getUserData();
        this.#connections.add(connection);
        connection.opened(socket);
      },
      message: (socket, message, isBinary) => socket.getUserData().connection.receive(message, isBinary),
      drain: (socket) => socket.getUserData().connection.drained(),
      close: (socket, code, reason) => {
        const { connection } = socket.getUserData();
        this.#connections.delete(connection);
        connection.ended(code === 1006 ? codeOfFault(Buffer.from(reason).toString('latin1')) : code);
      },
    });
    this.#app.any('/*', (response) => {
      response.writeStatus('426 Upgrade Required').end('', true);
    });
  }

  get port(): number {
    return this.#port;
  }

  listen(): Promise<void> {
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      this.#app.listen(host, port, this.#module.LIBUS_LISTEN_EXCLUSIVE_PORT, (socket) => {
        if (socket === false) {
          reject(new Error(`cannot listen on ${host}:${port}`));
          return;
        }
        this.#listenSocket = socket;
        this.#port = this.#module.us_socket_local_port(socket);
        resolve();
      });
    });
  }

  prepare(payload: Uint8Array | string): PreparedMessage {
    return new UwsMessage(payload);
  }

  stopAccepting(): void {
    if (this.#listenSocket === undefined) return;
    this.#module.us_listen_socket_close(this.#listenSocket);
    this.#listenSocket = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stopAccepting();
    for (const connection of [...this.#connections]) connection.terminate();
    // `closed` is reported in microtasks that were queued by now.
    await Promise.resolve();
  }

  #upgrade(response: UwsResponse, request: UwsRequest, context: object): void {
    const { events, subprotocols, messageBytesMax, bufferBytesMax } = this.#options;
    const remoteAddress = plainAddress(Buffer.from(response.getRemoteAddressAsText()).toString('latin1'));
    const status = this.#refusalOf(request, remoteAddress);
    const subprotocol = chooseSubprotocol(request.getHeader('sec-websocket-protocol'), subprotocols);
    if (status !== undefined || subprotocol === undefined) {
      refuse(response, status ?? 400);
      return;
    }
    const connection = new UwsConnection({ subprotocol, remoteAddress, messageBytesMax, bufferBytesMax, events });
    const key = request.getHeader('sec-websocket-key');
    // No extensions are handed on: permessage-deflate stays off.
    response.upgrade({ connection } satisfies UwsData, key, subprotocol, '', context);
  }

  #refusalOf(request: UwsRequest, remoteAddress: string): number | undefined {
    if (this.#listenSocket === undefined) return 503;
    return this.#options.events.handshake({
      remoteAddress,
      origin: request.getHeader('origin'),
      forwardedFor: request.getHeader('x-forwarded-for'),
      path: request.getUrl(),
    });
  }
}

function refuse(response: UwsResponse, status: number): void {
  response.writeStatus(`${status} ${STATUS_CODES[status] ?? 'Refused'}`).end('', true);
}

/** uWebSockets.js reports its reasons for cutting a connection in words (WebSocketProtocol.h). */
function codeOfFault(reason: string): number {
  if (reason === 'Received too big message') return 1009;
  if (reason === 'Received invalid UTF-8') return 1007;
  return reason.startsWith('Received') || reason.startsWith('Invalid') ? 1002 : 1006;
}
