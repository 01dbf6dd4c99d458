import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The part of uWebSockets.js that is used here; the same in all versions from 20.30. */
export interface UwsModule {
  App(): UwsApp;
  us_listen_socket_close(socket: UwsListenSocket): void;
  us_socket_local_port(socket: UwsListenSocket): number;
  readonly LIBUS_LISTEN_EXCLUSIVE_PORT: number;
}

/** A handle that only uWebSockets.js looks into. */
export interface UwsListenSocket {
  readonly listenSocket?: never;
}

export interface UwsApp {
  ws<Data>(pattern: string, behavior: UwsBehavior<Data>): UwsApp;
  any(pattern: string, handler: (response: UwsResponse) => void): UwsApp;
  listen(host: string, port: number, options: number, callback: (socket: UwsListenSocket | false) => void): UwsApp;
}

interface UwsBehavior<Data> {
  readonly maxPayloadLength: number;
  readonly maxBackpressure: number;
  readonly idleTimeout: number;
  readonly sendPingsAutomatically: boolean;
  readonly compression: number;
  upgrade(response: UwsResponse, request: UwsRequest, context: object): void;
  open(socket: UwsSocket<Data>): void;
  message(socket: UwsSocket<Data>, message: ArrayBuffer, isBinary: boolean): void;
  drain(socket: UwsSocket<Data>): void;
  close(socket: UwsSocket<Data>, code: number, reason: ArrayBuffer): void;
}

export interface UwsSocket<Data> {
  /** 1 sent, 0 buffered, 2 dropped. */
  send(message: Uint8Array, isBinary: boolean, compress: boolean): number;
  getBufferedAmount(): number;
  end(code: number, reason: string): void;
  close(): void;
  getUserData(): Data;
}

export interface UwsRequest {
  getHeader(name: string): string;
  getUrl(): string;
}

export interface UwsResponse {
  writeStatus(status: string): UwsResponse;
  end(body?: string, closeConnection?: boolean): UwsResponse;
  getRemoteAddressAsText(): ArrayBuffer;
  upgrade(data: object, key: string, protocol: string, extensions: string, context: object): void;
}

export type UwsLoad =
  | { readonly ok: true; readonly module: UwsModule; readonly source: string }
  | { readonly ok: false; readonly reason: string };

const require = createRequire(import.meta.url);
const binaryName = `uws_${process.platform}_${process.arch}_${process.versions.modules}.node`;

/** Where binaries may lie: beside the main file of one package, in a folder of the other. */
const sources = [
  { name: 'uWebSockets.js', folder: '.' },
  { name: 'uws-unofficial', folder: '../binaries' },
];

/**
 * Loads the first native binary that this machine accepts. The JavaScript around it is left out on purpose:
 * one package replaces process.nextTick, the other silently falls back to an emulation.
 */
export function loadUws(): UwsLoad {
  const reasons: string[] = [];
  for (const { name, folder } of sources) {
    try {
      const path = join(dirname(require.resolve(name)), folder, binaryName);
      return { ok: true, module: require(path) as UwsModule, source: name };
    } catch (error) {
      reasons.push(`${name}: ${firstLineOf(error)}`);
    }
  }
  return { ok: false, reason: reasons.join('; ') };
}

function firstLineOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
}
