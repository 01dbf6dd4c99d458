import { setTimeout } from 'node:timers/promises';
import { appToken, type DeployedApp } from '@parley/testkit';
import { type ClientFrameInit, decodeServerFrames, encodeClientFrames, type ServerFrame, subprotocols } from '@parley/wire';
import { WebSocket } from 'ws';
import { Lookout } from '../world/lookout.js';

export type RequestBody = NonNullable<ClientFrameInit['body']>;
type AnswerBody = NonNullable<ServerFrame['body']>;

/** A refusal as the client sees it. */
export interface SeenError {
  readonly code: number;
  readonly name: string;
  readonly message: string;
  readonly retryAfterMs: number;
}

const patienceMs = 15_000;

/** A WebSocket client that may say anything, and keeps everything that it is told. Speaks the binary subprotocol. */
export class RawClient {
  readonly socket: WebSocket;
  readonly frames: ServerFrame[] = [];
  /** Messages of the JSON subprotocol, as they came. */
  readonly texts: string[] = [];
  closeCode: number | undefined;
  #lastId = 0;
  #pongs = 0;
  readonly #lookout = new Lookout();

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) for (const frame of decodeServerFrames(data).frames) this.frames.push(frame);
      else this.texts.push(data.toString());
      this.#lookout.look();
    });
    socket.on('close', (code) => {
      this.closeCode = code;
      this.#lookout.look();
    });
    socket.on('pong', () => {
      this.#pongs++;
      this.#lookout.look();
    });
    socket.on('open', () => this.#lookout.look());
    socket.on('error', () => {});
  }

  /** Connected, not logged in. */
  static async open(url: string, subprotocol: string = subprotocols.proto): Promise<RawClient> {
    const socket = new WebSocket(url, [subprotocol], { perMessageDeflate: false });
    const client = new RawClient(socket);
    await client.until('the handshake', () => (socket.readyState === WebSocket.OPEN || client.closeCode !== undefined ? true : undefined));
    if (client.closeCode !== undefined) throw new Error(`the handshake failed: ${client.closeCode}`);
    return client;
  }

  /** Connected and logged in. */
  static async login(url: string, app: DeployedApp, user: string): Promise<RawClient> {
    const client = await RawClient.open(url);
    const answer = await client.ask({ type: 'login', value: { token: appToken(app, user), device: `device-of-${user}` } });
    if (answer.type !== 'loggedIn') throw new Error(`login was answered with ${JSON.stringify(answer)}`);
    return client;
  }

  /** Sends frames as one message; answers the id of the last one. */
  send(...bodies: readonly RequestBody[]): number {
    this.socket.send(encodeClientFrames({ frames: bodies.map((body) => ({ id: ++this.#lastId, body })) }));
    return this.#lastId;
  }

  ask(body: RequestBody): Promise<AnswerBody> {
    return this.answerTo(this.send(body));
  }

  /** Throws when the connection was closed without an answer. */
  answerTo(id: number): Promise<AnswerBody> {
    return this.until(`the answer to ${id}`, () => {
      const body = this.frames.find((frame) => frame.id === id)?.body;
      if (body === undefined && this.closeCode !== undefined) throw new Error(`closed with ${this.closeCode} before the answer`);
      return body;
    });
  }

  /** The answer of a server that is not too busy for it: one that is busy for the moment is asked again. */
  async askPatiently(body: RequestBody): Promise<AnswerBody> {
    for (let left = 20; ; left--) {
      const answer = await this.ask(body);
      if (answer.type !== 'error' || answer.value.name !== 'OVERLOADED' || left === 0) return answer;
      await setTimeout(answer.value.retryAfterMs);
    }
  }

  /** The refusal of a request by a server that is not too busy for it; throws when it was granted. */
  async refusal(body: RequestBody): Promise<SeenError> {
    return errorIn(await this.askPatiently(body));
  }

  /** Whether the server still answers on this connection. */
  async isServed(): Promise<boolean> {
    return (await this.ask({ type: 'ping', value: {} })).type === 'pong';
  }

  /** Once the server has looked at everything that was sent so far, or has closed the connection. */
  async heard(): Promise<void> {
    const pongs = this.#pongs + 1;
    if (this.socket.readyState === WebSocket.OPEN) this.socket.ping();
    await this.until('a pong', () => (this.#pongs >= pongs || this.closeCode !== undefined ? true : undefined));
  }

  closed(): Promise<number> {
    return this.until('the end of the connection', () => this.closeCode);
  }

  /** What `read` finds, as soon as it finds something; it is asked after everything that comes. */
  until<T>(what: string, read: () => T | undefined): Promise<T> {
    return this.#lookout.until(read, { withinMs: patienceMs, tooLate: () => new Error(`waited in vain for ${what}`) });
  }
}

/** The error of an answer; throws when it is none. */
export function errorIn(body: AnswerBody | undefined): SeenError {
  if (body?.type !== 'error') throw new Error(`expected a refusal, got ${JSON.stringify(body)}`);
  const { code, name, message, retryAfterMs } = body.value;
  return { code, name, message, retryAfterMs };
}
