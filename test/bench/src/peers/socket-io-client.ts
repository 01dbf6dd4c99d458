import type { ChatClient, ChatEvents, ConnectOptions, MessageTemplate } from '../chat/chat-server.js';
import { opcodes } from '../protocol/web-socket-frames.js';
import { type EdgeAddress, WebSocketConnection } from '../protocol/web-socket-connection.js';
import { readDigits, TextTemplate, textOf } from './text-template.js';

/** Bytes before the ten digits of a delivered message: `42["m","b-`. */
const deliveryPrefix = '42["m","b-';
const zero = 48;
/** First characters of packets: Engine.IO 4 "message", then Socket.IO 5 "event" or "ack"; Engine.IO "open" and "ping". */
const codes = { open: zero, ping: zero + 2, message: zero + 4, connect: zero, event: zero + 2, ack: zero + 3 } as const;
const pong = Buffer.from('3');
const connectPacket = Buffer.from('40');
/** Acknowledgement ids of calls; those of messages are their indexes. */
const callIds = 20_000_000_000;

/** A message to all others of a room; its index is the id of the acknowledgement, too. */
export function socketIoTemplate(room: string, level: string, textBytes: number): MessageTemplate {
  const text = textOf(level, textBytes);
  return new TextTemplate(`42${text.slice(2, 12)}${JSON.stringify(['m', room, text])}`);
}

/** A client of Socket.IO protocol 5 over Engine.IO protocol 4, WebSocket only. */
export class SocketIoClient implements ChatClient {
  readonly index: number;
  readonly user: string;
  readonly #events: ChatEvents;
  readonly #connection: WebSocketConnection;
  readonly #calls = new Map<number, () => void>();
  #onConnected: () => void = () => undefined;
  #nextCall = callIds;

  constructor(address: EdgeAddress, { index, user, localAddress }: ConnectOptions, events: ChatEvents) {
    this.index = index;
    this.user = user;
    this.#events = events;
    this.#connection = new WebSocketConnection(
      address,
      { localAddress },
      {
        message: (bytes, start, end) => this.#packet(bytes, start, end),
        wasRead: () => undefined,
        lost: (reason) => events.trouble(this, reason),
      },
    );
  }

  get isClosed(): boolean {
    return this.#connection.isClosing;
  }

  /** Resolves when the server has let the client in. To be called once, at once. */
  async connected(): Promise<void> {
    const connected = new Promise<void>((resolve) => {
      this.#onConnected = resolve;
    });
    await this.#connection.opened();
    await connected;
  }

  create(room: string): Promise<void> {
    return this.enter(room);
  }

  enter(room: string): Promise<void> {
    const id = this.#nextCall++;
    this.#connection.send([Buffer.from(`42${id}${JSON.stringify(['join', room])}`)], opcodes.text);
    return new Promise((resolve) => this.#calls.set(id, resolve));
  }

  send(template: MessageTemplate, messageIndex: number): void {
    this.#connection.send([template.frame(0, messageIndex)], opcodes.text);
  }

  flush(): void {
    // Every packet is a message of its own in this protocol.
  }

  ping(): void {
    // The server pings.
  }

  pause(): void {
    this.#connection.pause();
  }

  resume(): void {
    this.#connection.resume();
  }

  async logout(): Promise<void> {
    this.#connection.destroy();
  }

  #packet(bytes: Uint8Array, start: number, end: number): void {
    const first = bytes[start];
    if (first === codes.message) this.#message(bytes, start, end);
    else if (first === codes.ping) this.#connection.send([pong], opcodes.text);
    else if (first === codes.open) this.#connection.send([connectPacket], opcodes.text);
  }

  #message(bytes: Uint8Array, start: number, end: number): void {
    const type = bytes[start + 1];
    if (type === codes.event && end - start > deliveryPrefix.length + 10) {
      this.#events.arrived(this, readDigits(bytes, start + deliveryPrefix.length));
    } else if (type === codes.ack) {
      this.#acknowledged(Number.parseInt(Buffer.from(bytes.subarray(start + 2, end)).toString('latin1'), 10));
    } else if (type === codes.connect) {
      this.#onConnected();
    } else {
      this.#events.trouble(this, `packet ${Buffer.from(bytes.subarray(start, Math.min(end, start + 40))).toString()}`);
    }
  }

  #acknowledged(id: number): void {
    if (id < callIds) {
      this.#events.stored(this, id);
      return;
    }
    this.#calls.get(id)?.();
    this.#calls.delete(id);
  }
}
