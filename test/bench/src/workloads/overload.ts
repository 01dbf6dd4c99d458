import type { Level, MessageTemplate } from '../chat/chat-server.js';
import { findCapacity } from '../measure/find-capacity.js';
import { printedLevels } from '../report/print-levels.js';
import { startHeartbeats } from './heartbeat.js';
import { excessOf, judgedOverload } from './judge-overload.js';
import { LevelRun } from './level-run.js';
import { fillRoom, forEachBounded, logoutAll, openChatClients } from './open-clients.js';
import { overloadPlan } from './overload-plan.js';
import { quotaDoubts } from './quota-doubts.js';
import { counterIncreases } from './read-counters.js';
import { untilQuiet } from './until-quiet.js';
import type { ChatContext, ChatWorkload, RunningWorkload } from './workload.js';

/** Several times of what the server holds, a small part of it urgent: what comes through, and what is said about the rest. */
export const overload: ChatWorkload = {
  name: 'overload',
  defaults: { rooms: 10, members: 200, rate: 0, seconds: 60, factor: 3, high: 5, low: 60 },
  needsFreshServer: false,
  runsOnPeers: true,
  start: startOverload,
};

const probeSeconds = 4;
/** A server that keeps what it cannot deliver yet works on after the last message. */
const backlogWithinMs = 60_000;
const search = { from: 100, to: 12_000 };

async function startOverload(context: ChatContext): Promise<RunningWorkload> {
  const { chat, clock, settings, held, tag } = context;
  const run = new LevelRun(context);
  const plan = overloadPlan(settings);
  const clients = await openChatClients(context, 'o', { count: plan.clients, events: run.events });
  const stopHeartbeats = startHeartbeats(clients, clock);
  const rooms = Array.from({ length: settings.rooms }, (_, room) => `${tag}-${room}`);
  await forEachBounded(rooms.entries(), 4, ([number, name]) =>
    fillRoom(
      clock,
      name,
      clients.filter(({ index }) => plan.roomOfClient(index) === number),
    ),
  );
  const templates = templatesOf(context, rooms);
  const options = { clients, plan, template: (room: number, level: Level) => templates.get(`${level} ${room}`) as MessageTemplate };
  const holds = async (rate: number): Promise<boolean> => {
    const result = await run.offer(rate, Math.min(probeSeconds, settings.seconds), options);
    const excess = excessOf(result.levels);
    context.note(`${chat.name}: ${rate} messages/s ${excess.length === 0 ? 'are held' : `are too much (${excess.join('; ')})`}`);
    await untilQuiet(context, backlogWithinMs);
    return excess.length === 0;
  };
  return {
    async round(isWarmUp) {
      if (isWarmUp && settings.rate === 0 && !held.has(chat.name)) held.set(chat.name, await findCapacity({ ...search, holds }));
      const rate = settings.rate > 0 ? settings.rate : (held.get(chat.name) ?? Number.NaN);
      if (!(rate > 0)) throw new Error(`${chat.name} does not even hold ${search.from} messages/s of this mix`);
      const before = await chat.counters();
      // A round that does not count warms up at what the server holds.
      const offered = isWarmUp ? rate : rate * settings.factor;
      const result = await run.offer(offered, isWarmUp ? Math.min(probeSeconds, settings.seconds) : settings.seconds, options);
      const counters = counterIncreases(before, await chat.counters());
      if (!isWarmUp) context.note(`${chat.name}, ${offered} messages/s offered\n${printedLevels(result.levels)}`);
      await untilQuiet(context, backlogWithinMs);
      const doubts = quotaDoubts(settings, offered);
      return judgedOverload(result, { held: rate, offered, isAccountable: chat.isAccountable, doubts, counters });
    },
    async [Symbol.asyncDispose]() {
      stopHeartbeats();
      await logoutAll(clock, clients);
    },
  };
}

/** One template per room and level. */
function templatesOf({ chat, settings }: ChatContext, rooms: readonly string[]): ReadonlyMap<string, MessageTemplate> {
  const templates = new Map<string, MessageTemplate>();
  rooms.forEach((room, number) => {
    for (const level of ['high', 'medium', 'low'] as const) {
      const template = chat.template({ room, level, isTransient: level === 'low', textBytes: settings.textBytes });
      templates.set(`${level} ${number}`, template);
    }
  });
  return templates;
}
