import { connect, type Socket } from 'node:net';
import type { ChatClient, ChatEvents, ConnectOptions, MessageTemplate } from '../chat/chat-server.js';
import { type NatsMessage, NatsReader } from './nats-reader.js';
import { indexMark, readDigits, TextTemplate, textOf } from './text-template.js';

/** Reading is synchronous, so all sockets read into the same memory. */
const sharedBuffer = Buffer.allocUnsafeSlow(256 * 1024);
const hello = 'CONNECT {"verbose":false,"pedantic":false,"echo":false,"headers":false,"lang":"bench","version":"1"}\r\n';
const ping = Buffer.from('PING\r\n');
const pong = Buffer.from('PONG\r\n');
const inbox = '_INBOX';
const underscore = 95;
const brace = 123;

const subjectOf = (room: string): string => `room.${room}`;

/** The subjects of all rooms, for a stream that stores them. */
export const allRooms = 'room.>';

/** A message on the subject of a room. With `isStored` it asks the stream for an acknowledgement. */
export function natsTemplate(
  room: string,
  level: string,
  { textBytes, isStored }: { textBytes: number; isStored: boolean },
): MessageTemplate {
  const text = textOf(level, textBytes);
  const reply = isStored ? ` ${inbox}.@.${indexMark}` : '';
  return new TextTemplate(`PUB ${subjectOf(room)}${reply} ${Buffer.byteLength(text)}\r\n${text}\r\n`);
}

/**
 * A client of NATS. Without a stream nothing acknowledges a message; then a PING goes out behind each, whose PONG says
 * that the server has handled it.
 */
export class NatsClient implements ChatClient {
  readonly index: number;
  readonly user: string;
  readonly #events: ChatEvents;
  readonly #socket: Socket;
  readonly #isStored: boolean;
  readonly #pongs: (() => void)[] = [];
  readonly #calls = new Map<string, (answer: string) => void>();
  #pending: Uint8Array[] = [];
  #subscriptions = 0;
  #isClosed = false;

  constructor(
    port: number,
    { index, user, localAddress }: ConnectOptions,
    { events, isStored }: { events: ChatEvents; isStored: boolean },
  ) {
    this.index = index;
    this.user = user;
    this.#events = events;
    this.#isStored = isStored;
    const reader = new NatsReader({
      message: (bytes, place) => this.#message(bytes, place),
      ping: () => this.#pending.push(pong),
      pong: () => this.#pongs.shift()?.(),
      line: (text) => {
        if (text.startsWith('-ERR')) events.trouble(this, text);
      },
    });
    this.#socket = connect({
      ...{ host: '127.0.0.1', port, localAddress, noDelay: true },
      onread: {
        buffer: sharedBuffer,
        callback: (count, buffer) => {
          reader.push(buffer.subarray(0, count));
          this.flush();
          return true;
        },
      },
    });
    this.#socket.on('error', (error) => this.#lost(error.message));
    this.#socket.on('close', () => this.#lost('the server closed the connection'));
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Resolves when the server has answered. To be called once, at once. */
  connected(): Promise<void> {
    const own = this.#isStored ? `SUB ${inbox}.${this.index}.* ${++this.#subscriptions}\r\n` : '';
    this.#pending.push(Buffer.from(hello + own));
    return this.#roundTrip();
  }

  create(room: string): Promise<void> {
    return this.enter(room);
  }

  enter(room: string): Promise<void> {
    this.#pending.push(Buffer.from(`SUB ${subjectOf(room)} ${++this.#subscriptions}\r\n`));
    return this.#roundTrip();
  }

  /** Asks JetStream; resolves with its answer in JSON. Needs a client with `isStored`. */
  call(subject: string, request: object): Promise<string> {
    const body = JSON.stringify(request);
    const name = String(this.#calls.size).padStart(10, 'c');
    this.#pending.push(Buffer.from(`PUB ${subject} ${inbox}.${this.index}.${name} ${Buffer.byteLength(body)}\r\n${body}\r\n`));
    this.flush();
    return new Promise((resolve) => this.#calls.set(name, resolve));
  }

  send(template: MessageTemplate, messageIndex: number): void {
    const frame = template.frame(0, messageIndex);
    this.#pending.push(this.#isStored ? this.#withOwnInbox(frame) : frame);
    if (this.#isStored) return;
    this.#pending.push(ping);
    this.#pongs.push(() => this.#events.stored(this, messageIndex));
  }

  flush(): void {
    if (this.#pending.length === 0) return;
    this.#socket.write(Buffer.concat(this.#pending));
    this.#pending = [];
  }

  ping(): void {
    // The server pings.
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  async logout(): Promise<void> {
    this.#isClosed = true;
    this.#socket.destroy();
  }

  #message(bytes: Uint8Array, place: NatsMessage): void {
    if (bytes[place.subjectAt] === underscore) this.#answered(bytes, place);
    else this.#events.arrived(this, readDigits(bytes, place.payloadAt + 2));
  }

  #answered(bytes: Uint8Array, { subjectEnd, payloadAt, payloadEnd }: NatsMessage): void {
    const answer = Buffer.from(bytes.subarray(payloadAt, payloadEnd)).toString();
    const name = Buffer.from(bytes.subarray(subjectEnd - 10, subjectEnd)).toString();
    const call = this.#calls.get(name);
    if (call !== undefined) call(answer);
    else if (bytes[payloadAt] !== brace || answer.includes('"error"')) this.#events.refused(this, Number(name), answer);
    else this.#events.stored(this, Number(name));
  }

  /** Templates are shared, so the place of the client's own inbox is filled in here. */
  #withOwnInbox(frame: Uint8Array): Uint8Array {
    const at = frame.indexOf(64);
    return Buffer.concat([frame.subarray(0, at), Buffer.from(String(this.index)), frame.subarray(at + 1)]);
  }

  #roundTrip(): Promise<void> {
    this.#pending.push(ping);
    this.flush();
    return new Promise((resolve) => this.#pongs.push(resolve));
  }

  #lost(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#events.trouble(this, reason);
  }
}
