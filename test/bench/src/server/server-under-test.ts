import type { Durability } from '../chat/chat-server.js';
import type { AppCredentials } from '../protocol/token.js';
import type { EdgeAddress } from '../protocol/web-socket-connection.js';

/** A running server and how to measure it. */
export interface ServerUnderTest extends AsyncDisposable {
  /** Of every gateway; clients are spread over them. */
  readonly addresses: readonly EdgeAddress[];
  readonly app: AppCredentials;
  readonly durability: Durability;
  /** Implementation of the WebSocket listener, or `unknown`. */
  readonly listener: string;
  /** All processes whose CPU and memory count. */
  readonly pids: readonly number[];
  /** Where each process tells its metrics, by the process's name; empty when nobody said. */
  readonly metricsUrls: ReadonlyMap<string, string>;
  /** The back-end API; undefined when nobody said where it is. */
  readonly admin: AdminAddress | undefined;
}

/** Where the back-end API is, and its bearer key. */
export interface AdminAddress {
  readonly url: string;
  readonly key: string;
}

/** Takes a WebSocket address apart. Throws for one with TLS: the generator speaks plain TCP only. */
export function edgeAddressOf(url: string): EdgeAddress {
  const { protocol, hostname, port, pathname, search } = new URL(url);
  if (protocol !== 'ws:') throw new Error(`${url}: expected ws://host:port`);
  return { host: hostname, port: Number(port === '' ? 80 : port), path: pathname + search };
}
