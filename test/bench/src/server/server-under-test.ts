import type { AppCredentials } from '../protocol/token.js';
import type { EdgeAddress } from '../protocol/edge-client.js';

/** A running server and how to measure it. */
export interface ServerUnderTest extends AsyncDisposable {
  /** Of every gateway; clients are spread over them. */
  readonly addresses: readonly EdgeAddress[];
  readonly app: AppCredentials;
  /** Implementation of the WebSocket listener, or `unknown`. */
  readonly listener: string;
  /** All processes whose CPU and memory count. */
  readonly pids: readonly number[];
}

/** Takes a WebSocket address apart. Throws for one with TLS: the generator speaks plain TCP only. */
export function edgeAddressOf(url: string): EdgeAddress {
  const { protocol, hostname, port, pathname, search } = new URL(url);
  if (protocol !== 'ws:') throw new Error(`${url}: expected ws://host:port`);
  return { host: hostname, port: Number(port === '' ? 80 : port), path: pathname + search };
}
