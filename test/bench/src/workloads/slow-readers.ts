import { type Clock, sleep } from '@parley/kernel';
import type { ChatClient, ChatEvents } from '../chat/chat-server.js';
import { startHeartbeats } from './heartbeat.js';
import { roundOf } from './judge.js';
import { MessageRun, type RunResult } from './message-run.js';
import { fillRoom, forEachBounded, logoutAll, openChatClient, openChatClients } from './open-clients.js';
import { untilQuiet } from './until-quiet.js';
import type { ChatContext, ChatWorkload, Round, RunningWorkload } from './workload.js';

/**
 * A room some of whose members stop reading: what that does to the others, and to the server's memory. The messages are
 * long and many, because the kernel keeps up to 4 MiB for each connection (net.ipv4.tcp_wmem) before the server notices.
 */
export const slowReaders: ChatWorkload = {
  name: 'slow-readers',
  defaults: { members: 1_000, rate: 100, seconds: 30, textBytes: 2_000, frozen: 5 },
  needsFreshServer: false,
  runsOnPeers: true,
  start: startSlowReaders,
};

const sendersMax = 50;

async function startSlowReaders(context: ChatContext): Promise<RunningWorkload> {
  const { chat, clock, settings, tag } = context;
  const { members, rate, seconds, textBytes } = settings;
  const slow = new SlowClients(members - Math.max(1, Math.round((members * settings.frozen) / 100)), clock);
  const run = new MessageRun(context, (client) => !slow.has(client));
  const events = slow.heard(run.events);
  const clients = [...(await openChatClients(context, 's', { count: members, events }))];
  const stopHeartbeats = startHeartbeats(clients, clock);
  await fillRoom(clock, tag, clients);
  const template = chat.template({ room: tag, level: 'medium', textBytes });
  const senders = clients.slice(0, Math.min(sendersMax, slow.from)).map((client) => ({ client, template }));
  // The slow ones are never counted as receivers, so that rounds with and without measure the same others.
  const offer = (share: number): Promise<RunResult> =>
    run.openLoop(senders, rate, { messages: Math.ceil(rate * seconds * share), receivers: slow.from - 1, isLastOnly: true });
  const measureBoth = async (): Promise<Round> => {
    const start = context.meter.residentBytes();
    const free = await offer(1);
    const frozen = clients.slice(slow.from);
    const before = context.meter.residentBytes();
    for (const client of frozen) client.pause();
    const loaded = await offer(1);
    // A process grows without frozen readers, too.
    const grown = context.meter.residentBytes() - before - (before - start);
    await slow.thaw(frozen);
    const told = slow.takeTold(frozen);
    // Those whom the server gave up come back, so that the next round freezes as many.
    await forEachBounded(
      frozen.filter(({ isClosed }) => isClosed),
      8,
      async ({ index, user }) => {
        const client = await openChatClient(chat, { index, user }, events);
        await client.enter(tag);
        clients[index] = client;
      },
    );
    await untilQuiet(context);
    const values = {
      'p99 with frozen over without': loaded.delivery.p99 / free.delivery.p99,
      'delivered p99 without frozen': free.delivery.p99,
      'memory per frozen reader': grown / 1024 / frozen.length,
      'frozen readers told or closed share': (told / frozen.length) * 100,
    };
    return bothOf(roundOf(free, {}), roundOf(loaded, values), chat.isAccountable && told === 0);
  };
  return {
    // Nobody is frozen while the server warms up.
    round: async (isWarmUp) => (isWarmUp ? roundOf(await offer(0.3), {}) : measureBoth()),
    async [Symbol.asyncDispose]() {
      stopHeartbeats();
      await logoutAll(clock, clients);
    },
  };
}

/** Values of the round with frozen readers; what was wrong in either counts. */
const bothOf = (free: Round, loaded: Round, isUnnoticed: boolean): Round => ({
  ...loaded,
  faults: [...free.faults, ...loaded.faults],
  invalid: [
    ...free.invalid,
    ...loaded.invalid,
    ...(isUnnoticed ? ['the kernel kept all that the frozen readers were sent: more --seconds, --rate or --bytes'] : []),
  ],
});

const restMs = 500;
const thawWithinMs = 20_000;

/** Clients from an index on, who stop reading now and then. */
class SlowClients {
  /** Index of the first of them. */
  readonly from: number;
  readonly #clock: Clock;
  readonly #told = new Set<number>();
  #heardMs = 0;

  constructor(from: number, clock: Clock) {
    this.from = from;
    this.#clock = clock;
  }

  has(client: ChatClient): boolean {
    return client.index >= this.from;
  }

  /** The events of all clients, those that the slow ones hear noted. */
  heard(events: ChatEvents): ChatEvents {
    return {
      ...events,
      arrived: (client, index) => {
        if (this.has(client)) this.#heardMs = this.#clock.monotonic();
        events.arrived(client, index);
      },
      dropped: (client, ...what) => {
        if (this.has(client)) this.#told.add(client.index);
        events.dropped(client, ...what);
      },
      trouble: (client, what) => {
        if (this.has(client)) this.#told.add(client.index);
        events.trouble(client, what);
      },
    };
  }

  /** Lets them read again; resolves when nothing more comes. */
  async thaw(clients: readonly ChatClient[]): Promise<void> {
    const startMs = this.#clock.monotonic();
    this.#heardMs = startMs;
    for (const client of clients) client.resume();
    do await sleep(this.#clock, restMs);
    while (this.#clock.monotonic() - this.#heardMs < restMs && this.#clock.monotonic() - startMs < thawWithinMs);
  }

  /** How many of them the server told that they missed something, or gave up, since it was asked before. */
  takeTold(clients: readonly ChatClient[]): number {
    const count = clients.filter(({ index, isClosed }) => isClosed || this.#told.has(index)).length;
    this.#told.clear();
    return count;
  }
}
