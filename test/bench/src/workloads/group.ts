import { Priority } from '@parley/wire';
import type { EdgeClient } from '../protocol/edge-client.js';
import { SendTemplate } from '../protocol/send-template.js';
import { startHeartbeats } from './heartbeat.js';
import { roundOf } from './judge.js';
import { MessageRun, type Sender } from './message-run.js';
import { forEachBounded, logoutAll, mintIdentities, openClients } from './open-clients.js';
import type { BenchContext, RunningWorkload, Workload } from './workload.js';

/** Messages into many small groups whose members are all online. */
export const group: Workload = {
  name: 'group',
  defaults: { groups: 100, members: 20, rate: 1000, seconds: 10 },
  needsFreshServer: false,
  start: startGroup,
};

async function startGroup(context: BenchContext): Promise<RunningWorkload> {
  const { clock, settings, tag } = context;
  const { groups, members, rate, seconds, textBytes } = settings;
  const run = new MessageRun(context);
  const clients = await openClients(context, mintIdentities(context, 'g', groups * members), run);
  const stopHeartbeats = startHeartbeats(clients, clock);
  const templates = new Map<number, SendTemplate>();
  await forEachBounded(Array(groups).keys(), 16, async (number) => {
    const name = `${tag}-${number}`;
    await createGroup(name, clients.slice(number * members, (number + 1) * members));
    templates.set(number, new SendTemplate({ conversation: `g:${name}`, priority: Priority.MEDIUM, textBytes }));
  });
  return {
    async round(isWarmUp) {
      const options = { messages: Math.ceil(rate * (isWarmUp ? Math.min(5, seconds) : seconds)), receivers: members - 1 };
      const result = await run.openLoop(sendersOf(clients, templates, members), rate, options);
      return roundOf(result, {
        'server CPU per delivery': (result.cpu.serverMs * 1000) / result.delivered,
        'deliveries per second': (result.delivered * 1000) / result.activeMs,
      });
    },
    async [Symbol.asyncDispose]() {
      stopHeartbeats();
      await logoutAll(clock, clients);
    },
  };
}

/** The first member creates the group with the others in it. */
async function createGroup(name: string, members: readonly EdgeClient[]): Promise<void> {
  const [owner, ...others] = members;
  const created = owner?.request({ type: 'createGroup', value: { group: name, name, members: others.map(({ user }) => user) } });
  owner?.flush();
  await created;
}

/** One group after the other, each time by its next member. */
function sendersOf(clients: readonly EdgeClient[], templates: ReadonlyMap<number, SendTemplate>, members: number): readonly Sender[] {
  return Array.from(clients, (_, turn) => {
    const number = turn % templates.size;
    const client = clients[number * members + (Math.floor(turn / templates.size) % members)];
    const template = templates.get(number);
    if (client === undefined || template === undefined) throw new Error('a group without members');
    return { client, template };
  });
}
