import { LogClosedError } from '@parley/eventlog';
import type { Address } from './address.js';
import { Connection, type ConnectionOptions } from './connection.js';
import { ConnectionError } from './connection-error.js';

/**
 * Connections by broker and purpose. A broker works on one request per connection at a time, so whatever may
 * wait (a fetch, a produce, a join) has a connection of its own and nothing else waits behind it.
 */
export class ConnectionPool {
  readonly #options: ConnectionOptions;
  readonly #connections = new Map<Address, Map<string, Promise<Connection>>>();
  #isClosed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** Opens the connection on first use, and again after it broke. */
  async get(address: Address, purpose: string): Promise<Connection> {
    if (this.#isClosed) throw new LogClosedError();
    const ofBroker = this.#connections.get(address) ?? new Map<string, Promise<Connection>>();
    this.#connections.set(address, ofBroker);
    const known = ofBroker.get(purpose);
    const connection = known && (await usable(known));
    if (connection) return connection;
    const current = ofBroker.get(purpose);
    if (current && current !== known) return current; // somebody else has opened it meanwhile
    const opening = Connection.open(address, this.#options);
    ofBroker.set(purpose, opening);
    try {
      const opened = await opening;
      if (this.#isClosed || this.#connections.get(address) !== ofBroker) opened.close('given up');
      return opened;
    } catch (error) {
      if (ofBroker.get(purpose) === opening) ofBroker.delete(purpose);
      throw error;
    }
  }

  /** What a broker says to a new connection: it answers, refuses, or says nothing within connectTimeoutMs. */
  async probe(address: Address): Promise<'alive' | 'refuses' | 'silent'> {
    try {
      (await Connection.open(address, this.#options)).close('probe');
      return 'alive';
    } catch (error) {
      return error instanceof ConnectionError && error.isSilence ? 'silent' : 'refuses';
    }
  }

  /** Ends one connection. */
  drop(address: Address, purpose: string, reason: string): void {
    const ofBroker = this.#connections.get(address);
    const connection = ofBroker?.get(purpose);
    ofBroker?.delete(purpose);
    if (connection) closeLater(connection, reason);
  }

  /** Ends all connections to a broker. */
  dropBroker(address: Address, reason: string): void {
    const ofBroker = this.#connections.get(address);
    this.#connections.delete(address);
    for (const connection of ofBroker?.values() ?? []) closeLater(connection, reason);
  }

  /** Ends everything; later calls reject with LogClosedError. */
  close(): void {
    this.#isClosed = true;
    for (const address of [...this.#connections.keys()]) this.dropBroker(address, 'the log is closed');
  }
}

async function usable(opening: Promise<Connection>): Promise<Connection | undefined> {
  try {
    const connection = await opening;
    if (connection.isUsable) return connection;
    connection.retire();
    return undefined;
  } catch {
    return undefined;
  }
}

function closeLater(opening: Promise<Connection>, reason: string): void {
  opening.then(
    (connection) => connection.close(reason),
    () => {}, // it was never open
  );
}
