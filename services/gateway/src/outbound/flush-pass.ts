import type { Clock } from '@parley/kernel';
import type { ClientConnection } from '../sessions/client-connection.js';

/** Writing goes on for so long before others get their turn, milliseconds. */
const sliceMs = 4;
/** A look at the clock costs a hundredth of a write. */
const writesPerLook = 16;

/**
 * Connections that are to be written to, in order. Thousands of writes take tens of milliseconds, so they are done in
 * slices, between which the process reads frames, commits and writes what is urgent.
 */
export class FlushPass {
  readonly #clock: Clock;
  #connections: ClientConnection[] = [];
  #next = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isEmpty(): boolean {
    return this.#connections.length === 0;
  }

  add(connection: ClientConnection): void {
    this.#connections.push(connection);
  }

  /** Goes on where the last slice ended; answers whether it has come to the end, and is empty then. */
  run(flush: (connection: ClientConnection) => void): boolean {
    const endMs = this.#clock.monotonic() + sliceMs;
    for (let connection = this.#connections[this.#next]; connection !== undefined; connection = this.#connections[this.#next]) {
      this.#next++;
      flush(connection);
      if (this.#next % writesPerLook === 0 && this.#next < this.#connections.length && this.#clock.monotonic() >= endMs) return false;
    }
    this.clear();
    return true;
  }

  clear(): void {
    this.#connections = [];
    this.#next = 0;
  }
}
