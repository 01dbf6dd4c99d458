import { createServer, connect as connectTo, type AddressInfo, type Server, type Socket } from 'node:net';

/** Requests of the Kafka protocol that a test may hold, by their key. */
const apiKeys = { produce: 0, fetch: 1, listOffsets: 2, deleteRecords: 21 } as const;
type Api = keyof typeof apiKeys;

/** One request as it passed. */
export interface RelayedRequest {
  /** Numbers the connections in the order in which they were opened. */
  readonly connection: number;
  readonly apiKey: number;
  readonly body: Buffer;
}

/**
 * Stands between a log and its only broker, notes every request, and can sit on some: then nothing that comes behind
 * on the same connection gets through either, just as a broker works on one request of a connection at a time.
 */
export class BrokerRelay implements AsyncDisposable {
  readonly requests: RelayedRequest[] = [];
  readonly #broker: { readonly host: string; readonly port: number };
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #released = new Set<() => void>();
  #isHeld: (request: RelayedRequest) => boolean = () => false;
  #connections = 0;
  #held = 0;

  private constructor(broker: string) {
    const [host = '', port] = broker.split(':');
    this.#broker = { host, port: Number(port) };
    this.#server = createServer((client) => this.#relay(client));
  }

  static async open(broker: string): Promise<BrokerRelay> {
    const relay = new BrokerRelay(broker);
    await new Promise<void>((resolve) => relay.#server.listen(0, relay.#broker.host, resolve));
    return relay;
  }

  /** Where a log finds the broker. */
  get address(): string {
    return `${this.#broker.host}:${this.#port}`;
  }

  /** How many requests are being held. */
  get held(): number {
    return this.#held;
  }

  /** Connections that carried such requests of a topic. */
  connectionsOf(api: Api, topic: string): ReadonlySet<number> {
    return new Set(this.requests.filter((request) => isAbout(request, api, topic)).map(({ connection }) => connection));
  }

  /** Sits on these requests from now on; the answer lets them through. */
  hold(apis: readonly Api[], topic: string): () => void {
    this.#isHeld = (request) => apis.some((api) => isAbout(request, api, topic));
    return () => {
      this.#isHeld = () => false;
      for (const release of this.#released) release();
      this.#released.clear();
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()));
  }

  get #port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  #relay(client: Socket): void {
    this.#connections += 1;
    const connection = this.#connections;
    const broker = connectTo(this.#broker);
    for (const [socket, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      this.#sockets.add(socket.setNoDelay(true));
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    let before: Promise<void> = Promise.resolve();
    onFrames(client, (frame) => {
      const request = { connection, apiKey: frame.readInt16BE(4), body: frame };
      this.requests.push(request);
      before = before.then(() => this.#admit(request)).then(() => void broker.write(frame));
    });
    onFrames(broker, (frame) => void client.write(this.#readdressed(frame)));
  }

  async #admit(request: RelayedRequest): Promise<void> {
    if (!this.#isHeld(request)) return;
    this.#held += 1;
    await new Promise<void>((resolve) => this.#released.add(resolve));
    this.#held -= 1;
  }

  /** The broker tells clients where it is; they must come back here. */
  #readdressed(frame: Buffer): Buffer {
    const host = Buffer.from(this.#broker.host);
    const wanted = Buffer.concat([host, int32(this.#broker.port)]);
    for (let at = frame.indexOf(wanted); at >= 0; at = frame.indexOf(wanted, at + 1)) frame.writeInt32BE(this.#port, at + host.length);
    return frame;
  }
}

const isAbout = ({ apiKey, body }: RelayedRequest, api: Api, topic: string): boolean => apiKey === apiKeys[api] && body.includes(topic);

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** Cuts a stream into its frames, each with the four bytes of its length. */
function onFrames(socket: Socket, onFrame: (frame: Buffer) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const end = 4 + rest.readInt32BE(0);
      onFrame(Buffer.from(rest.subarray(0, end)));
      rest = rest.subarray(end);
    }
  });
}
