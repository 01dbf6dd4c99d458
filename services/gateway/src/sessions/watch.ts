import type { Clock } from '@parley/kernel';
import type { Inbound } from '../inbound/inbound.js';
import type { GatewayLimits } from '../limits.js';
import { chunkOf } from '../outbound/chunk.js';
import type { Outbound } from '../outbound/outbound.js';
import type { ClientConnection } from './client-connection.js';
import type { Connections } from './connections.js';
import { DeadlineWheel } from './deadline-wheel.js';
import type { Session } from './session.js';

export interface WatchDeps {
  readonly inbound: Inbound;
  readonly connections: Connections;
  readonly outbound: Outbound;
  readonly clock: Clock;
  readonly limits: GatewayLimits;
}

const wheelSlots = 4;
/** Connections are looked at this often at least: a token may end soon, a client may stop to read. */
const lookAgainMs = 2_000;

/** Watches the deadlines of all connections: login, heartbeat, token, slow reading. */
export class Watch {
  readonly #deps: WatchDeps;
  readonly #wheel: DeadlineWheel<ClientConnection>;

  /** `turn` is to be called every `slotMs`. */
  constructor(deps: WatchDeps, slotMs: number) {
    this.#deps = deps;
    this.#wheel = new DeadlineWheel({ slotMs, slots: wheelSlots, nowMs: deps.clock.monotonic() });
  }

  add(connection: ClientConnection): void {
    this.#wheel.add(connection, connection.lastFrameMs + lookAgainMs);
  }

  turn(): void {
    const nowMs = this.#deps.clock.monotonic();
    this.#wheel.turn(nowMs, (connection) => this.#visit(connection, nowMs));
  }

  #visit(connection: ClientConnection, nowMs: number): number | undefined {
    const { inbound, connections, limits } = this.#deps;
    if (connection.state === 'closed') return undefined;
    const late = inbound.lateness(connection, nowMs);
    if (late !== undefined) {
      connections.close(connection, late);
      return undefined;
    }
    const { session, outbox } = connection;
    if (session === undefined) return Math.min(connection.lastFrameMs + limits.loginWithinMs, nowMs + lookAgainMs);
    if (outbox?.congestedSinceMs !== undefined && nowMs - outbox.congestedSinceMs > limits.slowWithinMs) {
      connections.close(connection, 'SLOW_CONSUMER');
      return undefined;
    }
    if (outbox?.isIdle === true) connection.outbox = undefined;
    const tokenMs = this.#watchToken(connection, session);
    if (tokenMs === undefined) return undefined;
    return Math.min(connection.lastFrameMs + limits.offlineAfterMs, nowMs + tokenMs, nowMs + lookAgainMs);
  }

  /** Milliseconds until the token needs attention again; undefined when it has expired. */
  #watchToken(connection: ClientConnection, session: Session): number | undefined {
    const { clock, connections, limits, outbound } = this.#deps;
    const leftMs = session.tokenExpiresMs - clock.now();
    if (leftMs <= 0) {
      connections.close(connection, 'TOKEN_EXPIRED');
      return undefined;
    }
    if (leftMs <= limits.tokenWarningMs && !session.isTokenWarned) {
      session.isTokenWarned = true;
      outbound.send(connection, chunkOf({ body: { type: 'tokenExpiring', value: { expiresMs: session.tokenExpiresMs } } }));
    }
    return leftMs <= limits.tokenWarningMs ? leftMs : leftMs - limits.tokenWarningMs;
  }
}
