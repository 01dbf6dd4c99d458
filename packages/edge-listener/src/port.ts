/** Takes WebSocket connections from the outside. One contract over every implementation. */
export interface EdgeListener extends AsyncDisposable {
  /** The port that was bound. */
  readonly port: number;
  /** Which implementation serves: shown at start and in metrics. */
  readonly implementation: 'uws' | 'ws';
  /** A message framed once for any number of connections. */
  prepare(payload: Uint8Array | string): PreparedMessage;
  /** No new connections from here on; those that are open stay. */
  stopAccepting(): void;
}

/** A message ready to be written; belongs to the listener that prepared it. */
export interface PreparedMessage {
  readonly byteLength: number;
}

export interface EdgeListenerOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** A longer message closes its connection with 1009. */
  readonly messageBytesMax: number;
  /** Subprotocols that are accepted, in order of preference; a client that offers none of them is refused with 400. */
  readonly subprotocols: readonly string[];
  /** Unsent bytes of one connection above which the listener closes it with 1013 whatever the caller does. */
  readonly bufferBytesMax: number;
  /** How long a closing handshake may take; 5 000 by default. uWebSockets.js has a limit of its own, 8 s. */
  readonly closeWithinMs?: number;
  readonly events: EdgeEvents;
}

/** What the owner of a listener is told. None of the functions may throw. */
export interface EdgeEvents {
  /** Decides about a handshake: undefined lets it in, a number is the HTTP status of the refusal. */
  handshake(request: HandshakeRequest): number | undefined;
  opened(connection: EdgeConnection): void;
  /** The bytes (or the text) belong to the receiver. Nothing comes after `close` or `terminate`. */
  message(connection: EdgeConnection, data: Uint8Array | string): void;
  /** Everything that was buffered has been handed to the network; called when `bufferedBytes` had been above 0 after a send. */
  drained(connection: EdgeConnection): void;
  /**
   * Called exactly once per opened connection, never from within `close` or `terminate`. The code of whoever
   * began: the client's, the one given to `close`, 1002, 1007 or 1009 for its faults, 1013 when it did not
   * read; 1006 when the connection just ended.
   */
  closed(connection: EdgeConnection, code: number): void;
}

export interface HandshakeRequest {
  readonly remoteAddress: string;
  /** Empty when the client sent none. */
  readonly origin: string;
  /** The header X-Forwarded-For, which anybody may send; empty without one. */
  readonly forwardedFor: string;
  readonly path: string;
}

export interface EdgeConnection {
  readonly subprotocol: string;
  readonly remoteAddress: string;
  /** Free for the owner of the events. */
  context: unknown;
  /** Bytes accepted but not yet handed to the network. */
  readonly bufferedBytes: number;
  /** Writes a prepared message; does nothing on a closed connection. */
  send(message: PreparedMessage): void;
  /** Starts the closing handshake after what was sent; forces the end when the client does not answer it in time. */
  close(code: number, reason: string): void;
  /** Drops the connection at once. */
  terminate(): void;
}
