import { Priority } from '@parley/wire';
import { SendTemplate } from '../protocol/send-template.js';
import { startHeartbeats } from './heartbeat.js';
import { roundOf } from './judge.js';
import { MessageRun } from './message-run.js';
import { forEachBounded, logoutAll, mintIdentities, openClients } from './open-clients.js';
import type { BenchContext, RunningWorkload, Workload } from './workload.js';

/** Messages into one large room, sent by some of its members in turn. */
export const room: Workload = {
  name: 'room',
  defaults: { members: 3_000, rate: 50, seconds: 10 },
  needsFreshServer: false,
  start: startRoom,
};

const sendersMax = 50;

async function startRoom(context: BenchContext): Promise<RunningWorkload> {
  const { clock, settings, tag } = context;
  const { members, rate, seconds, textBytes } = settings;
  const run = new MessageRun(context);
  const clients = await openClients(context, mintIdentities(context, 'r', members), run);
  const stopHeartbeats = startHeartbeats(clients, clock);
  await forEachBounded(clients, 32, async (client) => {
    const entered = client.request({ type: 'enterRoom', value: { room: tag, name: tag } });
    client.flush();
    await entered;
  });
  const template = new SendTemplate({ conversation: `r:${tag}`, priority: Priority.MEDIUM, textBytes });
  const senders = clients.slice(0, sendersMax).map((client) => ({ client, template }));
  return {
    async round(isWarmUp) {
      const options = { messages: Math.ceil(rate * (isWarmUp ? Math.min(5, seconds) : seconds)), receivers: members - 1, isLastOnly: true };
      const result = await run.openLoop(senders, rate, options);
      return roundOf(result, {
        'server CPU per delivery': (result.cpu.serverMs * 1000) / result.delivered,
        'deliveries per second': (result.delivered * 1000) / result.activeMs,
      });
    },
    async [Symbol.asyncDispose]() {
      stopHeartbeats();
      await logoutAll(clients);
    },
  };
}
