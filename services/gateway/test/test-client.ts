import { type ClientFrameInit, decodeServerFrames, encodeClientFrames, type ServerFrame, subprotocols } from '@parley/wire';
import { WebSocket } from 'ws';

type Body = NonNullable<ServerFrame['body']>;
type Bodies = { [B in Body as B['type']]: B['value'] };

/** A client over a real socket that keeps everything it was told. */
export class TestClient {
  readonly socket: WebSocket;
  readonly frames: ServerFrame[] = [];
  readonly messages: (Buffer | string)[] = [];
  closeCode: number | undefined;
  #lastId = 0;
  readonly #waiters = new Set<() => void>();

  constructor(port: number, subprotocol: string = subprotocols.proto) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/`, [subprotocol]);
    this.socket.on('message', (data, isBinary) => {
      const bytes = Buffer.isBuffer(data) ? data : Buffer.alloc(0);
      this.messages.push(isBinary ? bytes : bytes.toString());
      if (isBinary) this.frames.push(...decodeServerFrames(bytes).frames);
      this.#changed();
    });
    this.socket.on('close', (code) => {
      this.closeCode = code;
      this.#changed();
    });
    this.socket.on('error', () => undefined);
  }

  static async open(port: number, subprotocol?: string): Promise<TestClient> {
    const client = new TestClient(port, subprotocol);
    await new Promise<void>((resolve, reject) => {
      client.socket.on('open', () => resolve());
      client.socket.on('error', reject);
    });
    return client;
  }

  /** Sends frames as one message; without ids of their own they get new ones. */
  send(...bodies: NonNullable<ClientFrameInit['body']>[]): number {
    this.sendFrames(...bodies.map((body) => ({ id: ++this.#lastId, body })));
    return this.#lastId;
  }

  sendFrames(...frames: ClientFrameInit[]): void {
    this.socket.send(encodeClientFrames({ frames }));
  }

  /** Sends a request and waits for its answer. */
  async ask(body: NonNullable<ClientFrameInit['body']>): Promise<Body> {
    return this.answer(this.send(body));
  }

  async answer(id: number): Promise<Body> {
    await this.until(() => this.frames.some((frame) => frame.id === id) || this.closeCode !== undefined);
    const body = this.frames.find((frame) => frame.id === id)?.body;
    if (body === undefined) throw new Error(`no answer to ${id}; closed with ${this.closeCode}`);
    return body;
  }

  async login(token: string, device = 'phone', resumeKey = ''): Promise<Bodies['loggedIn']> {
    const body = await this.ask({ type: 'login', value: { token, device, resumeKey } });
    if (body.type !== 'loggedIn') throw new Error(`login was answered with ${JSON.stringify(body)}`);
    return body.value;
  }

  /** What was pushed, of one type. */
  pushed<T extends Body['type']>(type: T): Bodies[T][] {
    return this.frames.flatMap(({ body }) => bodyValue(body, type) ?? []);
  }

  async nextPush<T extends Body['type']>(type: T): Promise<Bodies[T]> {
    await this.until(() => this.pushed(type).length > 0);
    const [first] = this.pushed(type);
    if (first === undefined) throw new Error('unreachable');
    return first;
  }

  async closed(): Promise<number> {
    await this.until(() => this.closeCode !== undefined);
    return this.closeCode ?? 0;
  }

  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!condition()) return;
        this.#waiters.delete(check);
        resolve();
      };
      this.#waiters.add(check);
      check();
    });
  }

  #changed(): void {
    for (const check of [...this.#waiters]) check();
  }
}

/** The discriminator decides about the type of the value. */
const bodyValue = <T extends Body['type']>(body: Body | undefined, type: T): Bodies[T] | undefined =>
  body?.type === type ? (body.value as Bodies[T]) : undefined;
