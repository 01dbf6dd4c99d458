import { seededRandom } from '@parley/kernel';
import { type Client, createClient, type FullClientOptions as ClientOptions } from '../src/client.js';
import type { ParleyClientError } from '../src/client-error.js';
import type { ClientEvents, Gap, Message, TimelineEvent } from '../src/events.js';
import { FakeServer } from '../src/fake/fake-server.js';
import { ManualClock } from '../src/fake/manual-clock.js';

/** A server, a clock, and clients whose token is their name. */
export interface World {
  readonly clock: ManualClock;
  readonly server: FakeServer;
  client(user: string, options?: Partial<ClientOptions>): Client;
  /** Connects and waits until the login is done. */
  online(user: string, options?: Partial<ClientOptions>): Promise<{ client: Client; seen: Seen }>;
}

export function makeWorld(): World {
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
  const online: World['online'] = async (user, options) => {
    const made = client(user, options);
    const seen = record(made);
    const connected = made.connect();
    await clock.advance(100);
    await connected;
    return { client: made, seen };
  };
  return { clock, server, client, online };
}

/** What a client was told, by kind. */
export interface Seen {
  readonly messages: Message[];
  readonly events: TimelineEvent[];
  readonly gaps: Gap[];
  readonly states: ClientEvents['connection'][];
  readonly conversations: string[];
  readonly errors: ParleyClientError[];
  readonly resets: string[];
  readonly kicks: { code: number; reason: string }[];
  caughtUp: number;
  texts(): string[];
  seqs(conversation: string): number[];
}

export function record(client: Client): Seen {
  const messages: Message[] = [];
  const seen: Seen = {
    messages,
    events: [],
    gaps: [],
    states: [],
    conversations: [],
    errors: [],
    resets: [],
    kicks: [],
    caughtUp: 0,
    texts: () => messages.map(({ content }) => (content.type === 'text' ? content.text : content.type)),
    seqs: (id) => seen.events.filter(({ conversation, seq }) => conversation === id && seq > 0).map(({ seq }) => seq),
  };
  client.on('message', (message) => messages.push(message));
  client.on('event', (event) => seen.events.push(event));
  client.on('gap', (gap) => seen.gaps.push(gap));
  client.on('connection', (status) => seen.states.push(status));
  client.on('conversation', ({ conversation }) => seen.conversations.push(conversation));
  client.on('error', (error) => seen.errors.push(error));
  client.on('historyReset', ({ epoch }) => seen.resets.push(epoch));
  client.on('kicked', (kick) => seen.kicks.push(kick));
  client.on('caughtUp', () => seen.caughtUp++);
  return seen;
}

/** 1 … n. */
export const upTo = (n: number, from = 1): number[] => Array.from({ length: n - from + 1 }, (_, i) => from + i);
