/** A handler whose event may be typed more narrowly: a method, so that it is compared in both directions. */
type Handler<Event> = { handle(event: Event): void }['handle'] | null;

/** The part of the WebSocket interface that the SDK uses; browsers' WebSocket and `ws` both have it. */
export interface WebSocketLike {
  binaryType: string;
  onopen: Handler<unknown>;
  onmessage: Handler<{ readonly data: unknown }>;
  onclose: Handler<{ readonly code: number; readonly reason: string }>;
  onerror: Handler<unknown>;
  send(data: Uint8Array): void;
  close(code?: number, reason?: string): void;
}
