import type { ChatContext, ChatWorkload, RunningWorkload } from './workload.js';
import { gatewayShares } from './gateway-shares.js';
import { startHeartbeats } from './heartbeat.js';
import { roundOf } from './judge.js';
import { MessageRun } from './message-run.js';
import { fillRoom, logoutAll, openChatClients } from './open-clients.js';
import { counterIncreases } from './read-counters.js';

/** Messages into one large room, sent by some of its members in turn. */
export const room: ChatWorkload = {
  name: 'room',
  defaults: { members: 3_000, rate: 50, seconds: 10 },
  needsFreshServer: false,
  runsOnPeers: true,
  start: startRoom,
};

const sendersMax = 50;
const warmUpSeconds = 5;

async function startRoom(context: ChatContext): Promise<RunningWorkload> {
  const { chat, clock, settings, tag } = context;
  const { members, rate, seconds, textBytes } = settings;
  const run = new MessageRun(context);
  const clients = await openChatClients(context, 'r', { count: members, events: run.events });
  const stopHeartbeats = startHeartbeats(clients, clock);
  await fillRoom(clock, tag, clients);
  const template = chat.template({ room: tag, level: 'medium', textBytes });
  const senders = clients.slice(0, sendersMax).map((client) => ({ client, template }));
  return {
    async round(isWarmUp) {
      const messages = Math.ceil(rate * (isWarmUp ? Math.min(warmUpSeconds, seconds) : seconds));
      const before = await chat.counters();
      const result = await run.openLoop(senders, rate, { messages, receivers: members - 1, isLastOnly: true });
      const counters = counterIncreases(before, await chat.counters());
      const round = roundOf(result, {
        'server CPU per delivery': (result.cpu.serverMs * 1000) / result.delivered,
        'deliveries per second': (result.delivered * 1000) / result.activeMs,
        ...gatewayShares(counters, messages),
      });
      return { ...round, counters };
    },
    async [Symbol.asyncDispose]() {
      stopHeartbeats();
      await logoutAll(clock, clients);
    },
  };
}
