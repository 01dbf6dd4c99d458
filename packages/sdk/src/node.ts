import { WebSocket } from 'ws';
import { type Client, createClient as createPlainClient, type FullClientOptions } from './client.js';
import type { WebSocketLike } from './socket.js';

export * from './index.js';
export { fileSource } from './media/node-file-source.js';
export { fileStore } from './local-store/file-store.js';

/** Sockets for Node, which has no WebSocket of its own before version 22. */
export const nodeWebSocket = (url: string, protocols: string[]): WebSocketLike =>
  new WebSocket(url, protocols, { perMessageDeflate: false }) as unknown as WebSocketLike;

/** `createClient` of `@parley/sdk` with sockets for Node. */
export const createClient = (options: FullClientOptions): Client => createPlainClient({ webSocket: nodeWebSocket, ...options });
