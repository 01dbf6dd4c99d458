import { Priority } from '@parley/wire';
import { SendTemplate } from '../protocol/send-template.js';
import { startHeartbeats } from './heartbeat.js';
import { roundOf } from './judge.js';
import { MessageRun, type Sender } from './message-run.js';
import { logoutAll, mintIdentities, openClients } from './open-clients.js';
import type { BenchContext, RunningWorkload, Workload } from './workload.js';

const warmUpMessages = 40_000;

/** Messages from one user to another: as many as go through, or at a rate. */
export const direct: Workload = {
  name: 'direct',
  defaults: { pairs: 100, inFlight: 16, messages: 100_000, rate: 0, seconds: 20 },
  needsFreshServer: false,
  start: startDirect,
};

async function startDirect(context: BenchContext): Promise<RunningWorkload> {
  const { clock, settings } = context;
  const run = new MessageRun(context);
  const clients = await openClients(context, mintIdentities(context, 'd', settings.pairs * 2), run);
  const senders: Sender[] = [];
  for (let i = 0; i < clients.length; i += 2) {
    const [from, to] = [clients[i], clients[i + 1]];
    if (from !== undefined && to !== undefined)
      senders.push({ client: from, template: templateOf(from.user, to.user, settings.textBytes) });
  }
  const stopHeartbeats = startHeartbeats(clients, clock);
  return {
    async round(isWarmUp) {
      const { rate, seconds, messages, inFlight } = settings;
      // The compiler is done sooner with many messages than after a long time with few.
      const isPaced = rate > 0 && !isWarmUp;
      const count = isPaced ? rate * seconds : isWarmUp ? warmUpMessages : messages;
      const options = { messages: count, receivers: 1 };
      const result = isPaced ? await run.openLoop(senders, rate, options) : await run.closedLoop(senders, inFlight, options);
      return roundOf(result, { 'server CPU per message': (result.cpu.serverMs * 1000) / result.acknowledged });
    },
    async [Symbol.asyncDispose]() {
      stopHeartbeats();
      await logoutAll(clock, clients);
    },
  };
}

function templateOf(a: string, b: string, textBytes: number): SendTemplate {
  const conversation = `u:${[a, b].sort().join('|')}`;
  return new SendTemplate({ conversation, priority: Priority.MEDIUM, textBytes });
}
