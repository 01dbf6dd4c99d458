import { type Clock, withTimeout } from '@parley/kernel';
import type { ChatClient, ChatEvents } from '../chat/chat-server.js';
import { openEdgeClient } from '../chat/parley-chat.js';
import { EdgeClient } from '../protocol/edge-client.js';
import { mintToken } from '../protocol/token.js';
import type { BenchContext, ChatContext } from './workload.js';

/** Connections from one source address: a server limits handshakes per address. */
const connectionsPerAddress = 50;
const answerWithinMs = 60_000;

/** One of the many addresses of the loopback interface, for the n-th connection of this process. */
export function localAddressOf(n: number): string {
  const block = Math.floor(n / connectionsPerAddress) % 60_000;
  return `127.1.${Math.floor(block / 250)}.${(block % 250) + 1}`;
}

let connections = 0;

export interface Identity {
  readonly index: number;
  readonly user: string;
  readonly token: string;
}

/** Users with tokens, minted before anything is timed. */
export function mintIdentities({ server, clock, tag }: BenchContext, prefix: string, count: number): readonly Identity[] {
  const nowMs = clock.now();
  return Array.from({ length: count }, (_, index) => {
    const user = `${tag}-${prefix}${index}`;
    return { index, user, token: mintToken(server.app, user, nowMs) };
  });
}

/** Connects one client, logs it in and syncs its empty list. */
export const openClient = ({ server }: BenchContext, { index, user, token }: Identity, events: ChatEvents): Promise<EdgeClient> =>
  openEdgeClient(server, { index, user, token, localAddress: localAddressOf(connections++) }, events);

/** Starts to connect one client, which is to log in by itself. */
export function connectClient({ server }: BenchContext, { index, user }: Identity, events: ChatEvents): EdgeClient {
  const address = server.addresses[index % server.addresses.length];
  if (address === undefined) throw new Error('a server without an address');
  return new EdgeClient(address, { index, user, localAddress: localAddressOf(connections++) }, events);
}

/** Clients of whatever server is measured, so many at a time, in their order. */
export async function openChatClients(
  { chat, clock, tag }: ChatContext,
  prefix: string,
  { count, events, concurrency = 32 }: { count: number; events: ChatEvents; concurrency?: number },
): Promise<readonly ChatClient[]> {
  const clients: ChatClient[] = [];
  await forEachBounded(Array(count).keys(), concurrency, async (index) => {
    const user = `${tag}-${prefix}${index}`;
    const opening = openChatClient(chat, { index, user }, events);
    clients[index] = await withTimeout(clock, answerWithinMs, opening, () => new Error(`no answer to ${user}, who logs in`));
  });
  return clients;
}

/** One client of whatever server is measured. */
export const openChatClient = (
  chat: ChatContext['chat'],
  identity: { readonly index: number; readonly user: string },
  events: ChatEvents,
): Promise<ChatClient> => chat.connect({ ...identity, localAddress: localAddressOf(connections++) }, events);

/** Opens clients, so many at a time, in the order of their identities. */
export async function openClients(
  context: BenchContext,
  identities: readonly Identity[],
  { events, concurrency = 32 }: { events: ChatEvents; concurrency?: number },
): Promise<readonly EdgeClient[]> {
  const clients: EdgeClient[] = [];
  await forEachBounded(identities, concurrency, async (identity) => {
    clients[identity.index - (identities[0]?.index ?? 0)] = await openClient(context, identity, events);
  });
  return clients;
}

/** Makes a room with these members and no more. Throws when one of them gets no answer in time. */
export async function fillRoom(clock: Clock, room: string, members: readonly ChatClient[]): Promise<void> {
  const [first, ...others] = members;
  await first?.create(room, members.length);
  await forEachBounded(others, 32, (client) =>
    withTimeout(clock, answerWithinMs, client.enter(room), () => new Error(`no answer to ${client.user}, who enters ${room}`)),
  );
}

/** Runs the action for every item, so many at a time. */
export async function forEachBounded<T>(items: Iterable<T>, concurrency: number, action: (item: T) => Promise<void>): Promise<void> {
  const iterator = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) await action(next.value);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

/** Ends the sessions, so that the server does not keep them for a resume. Throws when one does not end in time. */
export async function logoutAll(clock: Clock, clients: readonly ChatClient[]): Promise<void> {
  await forEachBounded(clients, 64, (client) =>
    withTimeout(clock, answerWithinMs, client.logout(), () => new Error(`the connection of ${client.user} is not closed`)),
  );
}
