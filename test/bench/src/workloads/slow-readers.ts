import { type Clock, sleep } from '@parley/kernel';
import type { ChatClient } from '../chat/chat-server.js';
import { startHeartbeats } from './heartbeat.js';
import { roundOf } from './judge.js';
import { MessageRun, type RunResult } from './message-run.js';
import { forEachBounded, logoutAll, openChatClient, openChatClients } from './open-clients.js';
import { untilQuiet } from './until-quiet.js';
import type { ChatContext, ChatWorkload, RunningWorkload } from './workload.js';

/** A room some of whose members stop reading: what that does to the others, and to the server's memory. */
export const slowReaders: ChatWorkload = {
  name: 'slow-readers',
  defaults: { members: 1_000, rate: 50, seconds: 10, frozen: 5 },
  needsFreshServer: false,
  runsOnPeers: true,
  start: startSlowReaders,
};

const sendersMax = 50;
/** Frozen clients read again and come to rest. */
const thawMs = 1_000;

async function startSlowReaders(context: ChatContext): Promise<RunningWorkload> {
  const { chat, clock, settings, tag } = context;
  const { members, rate, seconds, textBytes, frozen } = settings;
  const slowCount = Math.max(1, Math.round((members * frozen) / 100));
  const isWatched = (client: ChatClient): boolean => client.index < members - slowCount;
  const run = new MessageRun(context, isWatched);
  const clients = [...(await openChatClients(context, 's', { count: members, events: run.events }))];
  const stopHeartbeats = startHeartbeats(clients, clock);
  await forEachBounded(clients, 32, (client) => client.enter(tag));
  const template = chat.template({ room: tag, level: 'medium', textBytes });
  const senders = clients.filter(isWatched).slice(0, sendersMax);
  // The slow ones are never counted as receivers, so that both kinds of rounds measure the same others.
  const offer = (): Promise<RunResult> =>
    run.openLoop(
      senders.map((client) => ({ client, template })),
      rate,
      { messages: Math.ceil(rate * seconds), receivers: members - slowCount - 1, isLastOnly: true },
    );
  return {
    async round() {
      const free = await offer();
      const slow = clients.filter((client) => !isWatched(client));
      const before = context.meter.residentBytes();
      for (const client of slow) client.pause();
      const loaded = await offer();
      const grown = context.meter.residentBytes() - before;
      await thaw(slow, clock);
      const givenUp = slow.filter(({ isClosed }) => isClosed);
      // Those whom the server gave up come back, so that the next round freezes as many.
      await forEachBounded(givenUp, 8, async ({ index, user }) => {
        clients[index] = await openChatClient(chat, { index, user }, run.events);
        await clients[index]?.enter(tag);
      });
      await untilQuiet(context);
      const round = roundOf(loaded, {
        'p99 with frozen over without': loaded.delivery.p99 / free.delivery.p99,
        'delivered p99 without frozen': free.delivery.p99,
        'memory per frozen reader': grown / 1024 / slowCount,
        'frozen readers given up': givenUp.length,
      });
      const doubts = roundOf(free, {});
      return { ...round, faults: [...doubts.faults, ...round.faults], invalid: [...doubts.invalid, ...round.invalid] };
    },
    async [Symbol.asyncDispose]() {
      stopHeartbeats();
      await logoutAll(clients);
    },
  };
}

async function thaw(clients: readonly ChatClient[], clock: Clock): Promise<void> {
  for (const client of clients) client.resume();
  await sleep(clock, thawMs);
}
