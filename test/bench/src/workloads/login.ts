import { Samples } from '../measure/percentiles.js';
import type { ChatEvents } from '../chat/chat-server.js';
import type { EdgeClient } from '../protocol/edge-client.js';
import { doubtsAbout } from './judge.js';
import { forEachBounded, logoutAll, mintIdentities, openClient } from './open-clients.js';
import type { BenchContext, Round, RunningWorkload, Workload } from './workload.js';

/** Connect, handshake, login with a token that the server has not seen, sync of an empty list; so many at a time. */
export const login: Workload = {
  name: 'login',
  defaults: { connections: 5_000, concurrency: 64 },
  needsFreshServer: false,
  start: startLogin,
};

async function startLogin(context: BenchContext): Promise<RunningWorkload> {
  let rounds = 0;
  return {
    round(isWarmUp) {
      const { connections } = context.settings;
      return loginRound(context, `l${rounds++}-`, isWarmUp ? Math.ceil(connections / 2) : connections);
    },
    async [Symbol.asyncDispose]() {
      // Each round has ended its own sessions.
    },
  };
}

async function loginRound(context: BenchContext, prefix: string, count: number): Promise<Round> {
  const { clock, meter, settings } = context;
  const troubles: string[] = [];
  const events: ChatEvents = {
    stored: () => undefined,
    arrived: () => undefined,
    refused: () => undefined,
    dropped: () => undefined,
    trouble: (_, what) => troubles.push(what),
  };
  const identities = mintIdentities(context, prefix, count);
  const clients: EdgeClient[] = [];
  const latency = new Samples();
  const used = meter.start();
  await forEachBounded(identities, settings.concurrency, async (identity) => {
    const startMs = clock.monotonic();
    try {
      clients.push(await openClient(context, identity, events));
      latency.add(clock.monotonic() - startMs);
    } catch (error) {
      troubles.push(String(error));
    }
  });
  const cpu = used();
  // Closing is no part of a login.
  await logoutAll(clock, clients);
  const { p50, p95, p99 } = latency.spread();
  return {
    values: {
      'server CPU per login': (cpu.serverMs * 1000) / clients.length,
      'logins per second': (clients.length * 1000) / cpu.wallMs,
      'login p50': p50,
      'login p95': p95,
      'login p99': p99,
    },
    cpu,
    faults: troubles.slice(0, 5),
    invalid: doubtsAbout(cpu),
  };
}
