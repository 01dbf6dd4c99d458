import { type Clock, type Random, sleep } from '@parley/kernel';
import type { GatewayLimits } from './limits.js';
import { chunkOf } from './outbound/chunk.js';
import type { Outbound } from './outbound/outbound.js';
import type { ClientConnection } from './sessions/client-connection.js';
import type { Connections } from './sessions/connections.js';

export interface DrainDeps {
  readonly connections: Connections;
  readonly outbound: Outbound;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: GatewayLimits;
}

const sliceMs = 100;

/**
 * Sends everybody away without sending them all at once: each client is told a time of its own to come back,
 * then connections are closed in equal slices within the deadline. Aborting closes the rest at once.
 */
export async function drainConnections(deps: DrainDeps, signal: AbortSignal): Promise<void> {
  const { connections, clock, limits } = deps;
  const open = [...connections.all()];
  for (const connection of open) advise(deps, connection);
  const slices = Math.max(1, Math.floor(limits.drainWithinMs / sliceMs));
  const perSlice = Math.ceil(open.length / slices);
  for (let at = 0; at < open.length; at += perSlice) {
    if (!signal.aborted) await sleep(clock, sliceMs, signal).catch(() => undefined);
    for (const connection of open.slice(at, at + perSlice)) connections.close(connection, 'DRAINING');
  }
  for (const connection of [...connections.all()]) connections.close(connection, 'DRAINING');
}

function advise({ outbound, random, limits }: DrainDeps, connection: ClientConnection): void {
  const afterMs = Math.floor(random.next() * limits.drainSpreadMs);
  outbound.send(connection, chunkOf({ body: { type: 'reconnect', value: { afterMs } } }));
}
