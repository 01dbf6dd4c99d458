import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '@parley/kernel';
import { type Client, type ClientOptions, createClient } from '../src/client.js';
import type { Gap, Message, TimelineEvent } from '../src/events.js';
import type { OutboxStore, PendingSend } from '../src/outbox-store.js';
import { FakeServer, noMischief } from './fake-server.js';
import { ManualClock, settle } from './manual-clock.js';

interface World {
  readonly clock: ManualClock;
  readonly server: FakeServer;
  client(user: string, options?: Partial<ClientOptions>): Client;
}

function makeWorld(): World {
  const clock = new ManualClock();
  const server = new FakeServer(clock);
  let seed = 1;
  const client = (user: string, options: Partial<ClientOptions> = {}): Client =>
    createClient({
      url: 'ws://fake',
      token: () => user,
      device: `device-of-${user}`,
      webSocket: server.webSocket,
      clock,
      random: seededRandom(seed++),
      ...options,
    });
  return { clock, server, client };
}

/** Everything a client was told, by kind. */
function record(client: Client): { messages: Message[]; events: TimelineEvent[]; gaps: Gap[]; states: string[]; texts(): string[] } {
  const messages: Message[] = [];
  const events: TimelineEvent[] = [];
  const gaps: Gap[] = [];
  const states: string[] = [];
  client.on('message', (message) => messages.push(message));
  client.on('event', (event) => events.push(event));
  client.on('gap', (gap) => gaps.push(gap));
  client.on('connection', ({ state }) => states.push(state));
  const texts = (): string[] => messages.map(({ content }) => (content.type === 'text' ? content.text : content.type));
  return { messages, events, gaps, states, texts };
}

async function online(world: World, client: Client): Promise<void> {
  const connected = client.connect();
  await world.clock.advance(100);
  await connected;
}

describe('logging in', () => {
  it('resolves with the user and tells the state on the way', async () => {
    const world = makeWorld();
    const client = world.client('alice');
    const { states } = record(client);
    await online(world, client);
    expect(client.userId).toBe('alice');
    expect(states).toEqual(['connecting', 'online']);
  });

  it('sends a message and tells its place', async () => {
    const world = makeWorld();
    const alice = world.client('alice');
    const bob = world.client('bob');
    const seen = record(bob);
    await online(world, alice);
    await online(world, bob);
    const handle = alice.user('bob').send('hello');
    expect(handle.state).toBe('sent');
    await world.clock.advance(10);
    expect(handle.state).toBe('stored');
    expect(handle.seq).toBe(1);
    await settle();
    expect(seen.texts()).toEqual(['hello']);
    expect(seen.messages[0]).toMatchObject({ conversation: 'u:alice|bob', sender: 'alice', isOwn: false, seq: 1 });
  });
});
void ({} as PendingSend & OutboxStore);
void noMischief;
