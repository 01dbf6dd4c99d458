import { type CloseReason, closeCodes, type ServerFrameInit } from '@parley/wire';
import type { Counter } from '@parley/telemetry';
import { chunkOf } from '../outbound/chunk.js';
import type { Outbound } from '../outbound/outbound.js';
import type { ClientConnection } from './client-connection.js';
import type { SessionTable } from './session-table.js';

export interface ConnectionsDeps {
  readonly sessions: SessionTable;
  readonly outbound: Outbound;
  readonly closes: Counter;
}

/** Close code of an orderly end (RFC 6455, 7.4.1). */
const normalClosure = 1000;

/** All connections of this gateway, and the one way to end them. */
export class Connections {
  readonly #deps: ConnectionsDeps;
  readonly #byId = new Map<number, ClientConnection>();

  constructor(deps: ConnectionsDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#byId.size;
  }

  get(id: number): ClientConnection | undefined {
    return this.#byId.get(id);
  }

  all(): Iterable<ClientConnection> {
    return this.#byId.values();
  }

  add(connection: ClientConnection): void {
    this.#byId.set(connection.id, connection);
  }

  /** The socket is gone, or is given up: the session goes on without it. */
  release(connection: ClientConnection): void {
    if (connection.state === 'closed') return;
    connection.state = 'closed';
    this.#byId.delete(connection.id);
    this.#deps.sessions.detach(connection);
    connection.outbox = undefined;
    this.#deps.outbound.forget(connection);
  }

  /** Says the last words and closes. */
  close(connection: ClientConnection, reason: CloseReason | 'LOGOUT', lastFrame?: ServerFrameInit): void {
    if (connection.state === 'closed') return;
    this.#deps.closes.add(1, reason);
    const { edge, session } = connection;
    // What is written from here on may not arrive any more.
    if (session?.connection === connection && (edge.bufferedBytes > 0 || connection.outbox?.isEmpty === false)) session.hasMissed = true;
    if (reason !== 'SLOW_CONSUMER') {
      if (lastFrame !== undefined) this.#deps.outbound.send(connection, chunkOf(lastFrame));
      this.#deps.outbound.flushNow(connection);
    }
    this.release(connection);
    edge.close(reason === 'LOGOUT' ? normalClosure : closeCodes[reason], reason);
  }
}
