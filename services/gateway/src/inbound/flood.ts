import type { CancelTimer, Clock } from '@parley/kernel';
import type { GatewayLimits } from '../limits.js';
import type { ClientConnection } from '../sessions/client-connection.js';

/** What stands in front of a connection that sends far more than it may. */
export interface Flood {
  /** Frames refused for their rate since `sinceMs`. */
  refused: number;
  sinceMs: number;
  /** Messages that were read from the network but not looked at; undefined while the connection is read at once. */
  backlog: (Uint8Array | string)[] | undefined;
  backlogBytes: number;
}

export interface FloodsDeps {
  readonly clock: Clock;
  readonly limits: Pick<GatewayLimits, 'floodRefusalsMax' | 'floodBacklogBytesMax' | 'floodTurnMs' | 'floodMessagesPerTurn'>;
  readonly handle: (connection: ClientConnection, data: Uint8Array | string) => void;
  readonly onOverflow: (connection: ClientConnection) => void;
}

const windowMs = 1_000;
/** All floods together may be worked on for so much of each turn. */
const shareOfTurn = 0.2;

/**
 * Reads connections slowly that send many times what they may: even decoding and refusing their frames would delay
 * the others. What they send waits undecoded, a few messages are taken each turn, and who fills even that is closed.
 */
export class Floods {
  readonly #deps: FloodsDeps;
  readonly #slow = new Set<ClientConnection>();
  #cancel: CancelTimer | undefined = undefined;

  constructor(deps: FloodsDeps) {
    this.#deps = deps;
  }

  /** A frame was refused for its rate. */
  refused(connection: ClientConnection, nowMs: number): void {
    connection.flood ??= { refused: 0, sinceMs: nowMs, backlog: undefined, backlogBytes: 0 };
    const { flood } = connection;
    if (nowMs - flood.sinceMs >= windowMs) {
      flood.refused = 0;
      flood.sinceMs = nowMs;
    }
    if (++flood.refused < this.#deps.limits.floodRefusalsMax || flood.backlog !== undefined) return;
    flood.backlog = [];
    this.#slow.add(connection);
    this.#schedule();
  }

  /** Takes a message of a connection that is read slowly; false where it is to be handled at once. */
  takes(connection: ClientConnection, data: Uint8Array | string): boolean {
    const { flood } = connection;
    if (flood?.backlog === undefined) return false;
    flood.backlog.push(data);
    flood.backlogBytes += data.length;
    if (flood.backlogBytes > this.#deps.limits.floodBacklogBytesMax) this.#deps.onOverflow(connection);
    return true;
  }

  stop(): void {
    this.#cancel?.();
    this.#slow.clear();
  }

  #schedule(): void {
    this.#cancel ??= this.#deps.clock.setTimer(this.#deps.limits.floodTurnMs, () => {
      this.#cancel = undefined;
      this.#turn();
      if (this.#slow.size > 0) this.#schedule();
    });
  }

  #turn(): void {
    const { clock, limits } = this.#deps;
    const untilMs = clock.monotonic() + limits.floodTurnMs * shareOfTurn;
    for (const connection of [...this.#slow]) {
      if (clock.monotonic() >= untilMs) return;
      // Who has had a turn comes last in the next one.
      this.#slow.delete(connection);
      if (connection.state !== 'closed' && this.#readSome(connection)) this.#slow.add(connection);
    }
  }

  /** False when the connection may be read at once again. */
  #readSome(connection: ClientConnection): boolean {
    const { clock, limits, handle } = this.#deps;
    const { flood } = connection;
    if (flood?.backlog === undefined) return false;
    const some = flood.backlog.splice(0, limits.floodMessagesPerTurn);
    for (const data of some) {
      flood.backlogBytes -= data.length;
      handle(connection, data);
    }
    if (flood.backlog.length > 0 || clock.monotonic() - flood.sinceMs < windowMs) return true;
    flood.backlog = undefined;
    return false;
  }
}
