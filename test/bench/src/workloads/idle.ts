import { sleep } from '@parley/kernel';
import type { ChatClient, ChatEvents } from '../chat/chat-server.js';
import { startHeartbeats } from './heartbeat.js';
import { doubtsAbout } from './judge.js';
import { logoutAll, mintIdentities, openClients } from './open-clients.js';
import type { BenchContext, Round, RunningWorkload, Workload } from './workload.js';

/** Connections that only send heartbeats. Memory of a process shows only once, hence a server of its own per round. */
export const idle: Workload = {
  name: 'idle',
  defaults: { connections: 10_000, seconds: 20 },
  needsFreshServer: true,
  start: startIdle,
};

/** Logins that make the server allocate and compile what every server has after a while. */
const warmUpLogins = 2_000;
const settleMs = 5_000;

async function startIdle(context: BenchContext): Promise<RunningWorkload> {
  const troubles: string[] = [];
  const events = { ...silent, trouble: (_: ChatClient, what: string) => troubles.push(what) };
  const warm = await openClients(context, mintIdentities(context, 'w', warmUpLogins), { events });
  await logoutAll(context.clock, warm);
  await sleep(context.clock, settleMs);
  let clients: readonly ChatClient[] = [];
  return {
    async round() {
      const { clock, meter, settings } = context;
      const before = { resident: meter.residentBytes(), slab: meter.slabBytes() };
      clients = await openClients(context, mintIdentities(context, 'i', settings.connections), { events });
      const stopHeartbeats = startHeartbeats(clients, clock);
      await sleep(clock, settleMs);
      const used = meter.start();
      await sleep(clock, settings.seconds * 1000);
      const cpu = used();
      const after = { resident: meter.residentBytes(), slab: meter.slabBytes() };
      stopHeartbeats();
      const values = {
        'resident per connection': (after.resident - before.resident) / 1024 / settings.connections,
        'server resident before': before.resident / 2 ** 20,
        'server resident after': after.resident / 2 ** 20,
        // Both ends of each connection are on this machine.
        'kernel slab per connection': (after.slab - before.slab) / 2 / 1024 / settings.connections,
        'server CPU per 1000 connections': (cpu.serverMs * 1000) / cpu.wallMs / (settings.connections / 1000),
      };
      return { values, cpu, faults: troubles, invalid: doubtsAbout(cpu) } satisfies Round;
    },
    async [Symbol.asyncDispose]() {
      await logoutAll(context.clock, clients);
    },
  };
}

const silent: ChatEvents = {
  stored: () => undefined,
  arrived: () => undefined,
  refused: () => undefined,
  dropped: () => undefined,
  trouble: () => undefined,
};
