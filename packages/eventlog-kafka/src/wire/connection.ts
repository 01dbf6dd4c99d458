import { withTimeout } from '@parley/kernel';
import type { KafkaConfig } from 'kafkajs';
import SaslAuthenticator from 'kafkajs/src/broker/saslAuthenticator/index.js';
import kafkajsApiKeys from 'kafkajs/src/protocol/requests/apiKeys.js';
import kafkajsProtocol from 'kafkajs/src/protocol/requests/index.js';
import { connectTimeoutMs } from '../limits.js';
import { type Address, parseAddress } from './address.js';
import { ConnectionError } from './connection-error.js';
import { fetchVersion } from './fetch-request.js';
import { FrameSocket, type SocketOptions } from './frame-socket.js';
import { produceVersion } from './produce-request.js';

/** How to reach brokers and who we are to them. */
export interface ConnectionOptions extends SocketOptions {
  /** As in kafkajs. */
  readonly sasl?: KafkaConfig['sasl'];
}

/** Requests that kafkajs encodes for us. */
export type RareApi = keyof KafkajsExchanges;

type Arguments<A extends RareApi> = KafkajsExchanges[A]['args'];
type Answer<A extends RareApi> = KafkajsExchanges[A]['answer'];

interface VersionRange {
  readonly minVersion: number;
  readonly maxVersion: number;
}

const silentLogger = { namespace: (): object => silentLogger, error() {}, warn() {}, info() {}, debug() {} };

/** An authenticated connection to one broker. */
export class Connection {
  readonly #socket: FrameSocket;
  readonly #options: ConnectionOptions;
  #versions: Readonly<Record<number, VersionRange>> = {};
  /** SASL sessions may end; then the connection has to be replaced before. */
  #expiresAtMs = Number.POSITIVE_INFINITY;

  private constructor(address: Address, options: ConnectionOptions) {
    this.#socket = new FrameSocket(address, options);
    this.#options = options;
  }

  /** Rejects with {@link ConnectionError} when the broker does not answer in connectTimeoutMs. */
  static async open(address: Address, options: ConnectionOptions): Promise<Connection> {
    const connection = new Connection(address, options);
    const late = (): Error => new ConnectionError(`broker ${address}: no connection`, { wasSent: false, isSilence: true });
    try {
      await withTimeout(options.clock, connectTimeoutMs, connection.#greet(), late);
      return connection;
    } catch (error) {
      connection.close('not opened');
      if (error instanceof ConnectionError && !error.wasSent) throw error;
      throw new ConnectionError(`broker ${address}: ${String(error)}`, { wasSent: false, cause: error });
    }
  }

  get isUsable(): boolean {
    return this.#socket.isOpen && this.#options.clock.monotonic() < this.#expiresAtMs;
  }

  get address(): Address {
    return this.#socket.address;
  }

  /** Sends an encoded request. Rejects with {@link ConnectionError}. */
  request(api: { readonly apiKey: number; readonly apiVersion: number }, body: Buffer, timeoutMs: number): Promise<Buffer> {
    return this.#socket.request(api, body, timeoutMs);
  }

  /** Sends a rare request in the newest version that both sides know. Error codes are left to the caller. */
  async call<A extends RareApi>(api: A, args: Arguments<A>, timeoutMs: number): Promise<Answer<A>> {
    const definition: KafkajsApi<Arguments<A>, Answer<A>> = kafkajsProtocol.requests[api];
    const newest = this.#versions[kafkajsApiKeys[api]]?.maxVersion;
    if (newest === undefined) throw new Error(`broker ${this.address} does not know ${api}`);
    const version = Math.min(newest, Math.max(...definition.versions.map(Number)));
    const { request, response } = definition.protocol({ version })(args);
    return response.decode(await this.#exchange(request, timeoutMs));
  }

  /** Closing twice does nothing. */
  close(reason: string): void {
    this.#socket.close(reason);
  }

  /** Closes once nothing waits for an answer any more. */
  retire(): void {
    this.#socket.retire();
  }

  async #exchange(request: KafkajsExchange<unknown>['request'], timeoutMs: number): Promise<Buffer> {
    const { buffer } = await request.encode();
    return this.#socket.request(request, buffer, timeoutMs);
  }

  async #greet(): Promise<void> {
    await this.#socket.opened();
    const { request, response } = kafkajsProtocol.requests.ApiVersions.protocol({ version: 2 })(undefined);
    const { apiVersions } = await response.parse(await response.decode(await this.#exchange(request, connectTimeoutMs)));
    this.#versions = Object.fromEntries(apiVersions.map((range) => [range.apiKey, range]));
    this.#assertKnows('Produce', produceVersion);
    this.#assertKnows('Fetch', fetchVersion);
    if (this.#options.sasl) await this.#authenticate(this.#options.sasl);
  }

  #assertKnows(api: 'Produce' | 'Fetch', version: number): void {
    const range = this.#versions[kafkajsApiKeys[api]];
    if (!range || version < range.minVersion || version > range.maxVersion) {
      throw new Error(`broker ${this.address} does not speak ${api} version ${version}`);
    }
  }

  async #authenticate(sasl: NonNullable<ConnectionOptions['sasl']>): Promise<void> {
    const link = {
      ...parseAddress(this.address),
      sasl: { ...sasl },
      send: async ({ request, response }: KafkajsExchange<unknown>) =>
        response.parse(await response.decode(await this.#exchange(request, connectTimeoutMs))),
    };
    const authenticator = new SaslAuthenticator(link, silentLogger, this.#versions, true);
    await authenticator.authenticate();
    const lifetimeMs = Number(authenticator.sessionLifetime);
    if (lifetimeMs > 0) this.#expiresAtMs = this.#options.clock.monotonic() + 0.8 * lifetimeMs;
  }
}
