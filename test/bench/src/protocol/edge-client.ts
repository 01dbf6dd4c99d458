import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { type ClientFrameInit, decodeServerFrames, encodeClientFrames, type ServerFrame } from '@parley/wire';
import { frameIdOf, type SendTemplate } from './send-template.js';
import { type FrameSink, walkServerFrames } from './walk-server-frames.js';
import { clientMessage, opcodes, ServerMessageReader } from './web-socket-frames.js';

/** Where clients connect. */
export interface EdgeAddress {
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

/** What happens on connections, told without an object per event. */
export interface EdgeClientEvents {
  /** The message was stored. */
  stored(client: EdgeClient, messageIndex: number): void;
  /** A message arrived at the client. */
  arrived(client: EdgeClient, messageIndex: number): void;
  /** The message was refused. */
  refused(client: EdgeClient, messageIndex: number, error: string): void;
  /** Something that no workload wants: a lost connection, a resync, an error that answers nothing. */
  trouble(client: EdgeClient, what: string): void;
}

type Body = NonNullable<ServerFrame['body']>;
interface Request {
  resolve(body: Body): void;
  reject(error: Error): void;
}

/** Messages that one connection may have under way. */
const slots = 1024;
/** Reading is synchronous, so all sockets read into the same memory. */
const sharedBuffer = Buffer.allocUnsafeSlow(256 * 1024);
const pingFrame = encodeClientFrames({ frames: [{ id: 1, body: { type: 'ping', value: {} } }] });

/** A client on a bare TCP socket that does as little as it can, so that the server is what gets measured. */
export class EdgeClient implements FrameSink {
  /** Position among the clients of the workload. */
  readonly index: number;
  readonly user: string;
  readonly #events: EdgeClientEvents;
  readonly #socket: Socket;
  readonly #reader: ServerMessageReader;
  readonly #requests = new Map<number, Request>();
  #pending: Uint8Array[] = [];
  #sent = 0;
  #nextRequest = 2;
  #underWay: Float64Array | undefined;
  #opening: { resolve(): void; reject(error: Error): void } | undefined;
  #isClosing = false;

  /** Starts to connect; `opened` says when that is done. */
  constructor(address: EdgeAddress, identity: { index: number; user: string; localAddress: string }, events: EdgeClientEvents) {
    this.index = identity.index;
    this.user = identity.user;
    this.#events = events;
    this.#reader = new ServerMessageReader((opcode, bytes, start, end) => this.#message(opcode, bytes, start, end));
    this.#socket = connect({
      host: address.host,
      port: address.port,
      localAddress: identity.localAddress,
      noDelay: true,
      onread: { buffer: sharedBuffer, callback: (count, buffer) => this.#read(buffer.subarray(0, count)) },
    });
    this.#socket.on('connect', () => this.#socket.write(handshakeOf(address)));
    this.#socket.on('error', (error) => this.#ended(error.message));
    this.#socket.on('close', () => this.#ended('the server closed the connection'));
  }

  /** Resolves after the WebSocket handshake. To be called once, at once. */
  opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#opening = { resolve, reject };
    });
  }

  /** Queues a request and resolves with the answer; rejects with the error's name. */
  request(body: NonNullable<ClientFrameInit['body']>): Promise<Body> {
    const id = this.#nextRequest;
    this.#nextRequest = id === 100 ? 2 : id + 1;
    this.#pending.push(encodeClientFrames({ frames: [{ id, body }] }));
    return new Promise((resolve, reject) => this.#requests.set(id, { resolve, reject }));
  }

  /** Queues a chat message. */
  send(template: SendTemplate, messageIndex: number): void {
    this.#underWay ??= new Float64Array(slots);
    const frameId = frameIdOf(this.#sent++);
    this.#underWay[frameId % slots] = messageIndex;
    this.#pending.push(template.frame(frameId, messageIndex));
  }

  ping(): void {
    this.#pending.push(pingFrame);
    this.flush();
  }

  /** Writes what is queued as one WebSocket message. */
  flush(): void {
    if (this.#pending.length === 0) return;
    this.#socket.write(clientMessage(this.#pending));
    this.#pending = [];
  }

  /** Ends the session and the connection; resolves when the server has closed it. */
  logout(): Promise<void> {
    this.#isClosing = true;
    this.#pending.push(encodeClientFrames({ frames: [{ id: 0, body: { type: 'logout', value: {} } }] }));
    this.flush();
    return new Promise((resolve) => {
      if (this.#socket.destroyed) resolve();
      else this.#socket.once('close', () => resolve());
    });
  }

  /** Drops the connection. */
  destroy(): void {
    this.#isClosing = true;
    this.#socket.destroy();
  }

  stored(frameId: number): void {
    this.#events.stored(this, this.#underWay?.[frameId % slots] ?? -1);
  }

  event(messageIndex: number): void {
    if (messageIndex >= 0) this.#events.arrived(this, messageIndex);
  }

  pong(): void {
    // It came; that is all.
  }

  other(bytes: Uint8Array): void {
    const frame = decodeServerFrames(bytes).frames[0];
    if (frame?.body === undefined) return;
    const request = this.#requests.get(frame.id);
    this.#requests.delete(frame.id);
    const { body } = frame;
    if (body.type === 'error') {
      if (request !== undefined) request.reject(new Error(`${body.value.name} ${body.value.message}`));
      else if (frame.id > 100) this.#events.refused(this, this.#underWay?.[frame.id % slots] ?? -1, body.value.name);
      else this.#events.trouble(this, `error ${body.value.name}`);
    } else if (request !== undefined) request.resolve(body);
    else if (!this.#isClosing) this.#events.trouble(this, body.type);
  }

  #read(bytes: Uint8Array): boolean {
    if (this.#opening === undefined) this.#reader.push(bytes);
    else this.#readHandshake(Buffer.from(bytes));
    this.flush();
    return true;
  }

  /** The answer to the upgrade fits into the first segment; more would be unusual enough to fail. */
  #readHandshake(bytes: Buffer): void {
    const end = bytes.indexOf('\r\n\r\n');
    const status = bytes.toString('latin1', 9, 12);
    const opening = this.#opening;
    this.#opening = undefined;
    if (status !== '101' || end < 0) {
      opening?.reject(new Error(`the handshake was answered ${bytes.toString('latin1', 0, 40)}`));
      this.destroy();
      return;
    }
    opening?.resolve();
    if (end + 4 < bytes.length) this.#reader.push(bytes.subarray(end + 4));
  }

  #message(opcode: number, bytes: Uint8Array, start: number, end: number): void {
    if (opcode === opcodes.binary) {
      walkServerFrames(bytes, start, end, this);
    } else if (opcode === opcodes.ping) {
      this.#socket.write(clientMessage([bytes.subarray(start, end)], opcodes.pong));
    } else if (opcode === opcodes.close) {
      const code = ((bytes[start] ?? 0) << 8) | (bytes[start + 1] ?? 0);
      const wasExpected = this.#isClosing;
      this.#isClosing = true;
      this.#socket.end(clientMessage([bytes.subarray(start, end)], opcodes.close));
      if (!wasExpected) this.#events.trouble(this, `closed with ${code}`);
    }
  }

  #ended(reason: string): void {
    this.#opening?.reject(new Error(reason));
    this.#opening = undefined;
    for (const request of this.#requests.values()) request.reject(new Error(reason));
    this.#requests.clear();
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#events.trouble(this, reason);
  }
}

function handshakeOf({ host, port, path }: EdgeAddress): string {
  return [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    'Sec-WebSocket-Protocol: parley.v1.proto',
    '\r\n',
  ].join('\r\n');
}
