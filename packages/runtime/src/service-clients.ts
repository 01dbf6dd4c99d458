import { setMaxListeners } from 'node:events';
import type { GatewayService } from '@parley/contracts/gateway';
import { GroupService } from '@parley/contracts/group';
import { HistoryService } from '@parley/contracts/history';
import { MediaService } from '@parley/contracts/media';
import { PushService } from '@parley/contracts/push';
import { RoomService } from '@parley/contracts/room';
import { RouterService, type QueryPresenceRequestInit } from '@parley/contracts/router';
import { UserService } from '@parley/contracts/user';
import {
  channelOfUser,
  type Clock,
  conversationOfGroup,
  conversationOfRoom,
  type GroupId,
  ParleyError,
  partitionOf,
  type Random,
  type RoomId,
  type UserId,
} from '@parley/kernel';
import {
  type CallOptions,
  createRoutedClient,
  type Owner,
  type OwnerDirectory,
  type RoutedClient,
  type RpcDialer,
  type UnaryMethod,
  type UnaryRequest,
} from '@parley/rpc';
import { createGatewayClient } from './gateway-client.js';

export interface ServiceClientsOptions {
  readonly dialer: RpcDialer;
  readonly directory: OwnerDirectory;
  /** Which processes may be asked in the services without partitions; all that the directory knows by default. */
  readonly livePeersOf?: (service: string) => readonly Owner[];
  readonly partitions: number;
  readonly clock: Clock;
  readonly random: Random;
}

/** Services whose calls any of their processes answers. */
export const statelessServices = ['user', 'media'] as const;

/** The services of the whole system, whichever process runs them; each call goes to the owner of its partition. */
export interface ServiceClients {
  /** `queryPresence` may name any users: it asks every owner that is concerned. */
  readonly router: RoutedClient<typeof RouterService>;
  readonly group: RoutedClient<typeof GroupService>;
  readonly room: RoutedClient<typeof RoomService>;
  readonly history: RoutedClient<typeof HistoryService>;
  readonly push: RoutedClient<typeof PushService>;
  readonly user: RoutedClient<typeof UserService>;
  readonly media: RoutedClient<typeof MediaService>;
  /** Asks every gateway and joins the answers. */
  readonly gateway: RoutedClient<typeof GatewayService>;
}

/** Makes the clients; nothing is connected before the first call. */
export function createServiceClients(options: ServiceClientsOptions): ServiceClients {
  const { partitions, directory } = options;
  const { livePeersOf = directory.peersOf.bind(directory) } = options;
  const byKey = (app = '', key: string): number => partitionOf(app, key, partitions);
  const groupKey = (group = ''): string => conversationOfGroup(group as GroupId);
  const roomKey = (room = ''): string => conversationOfRoom(room as RoomId);
  const live: OwnerDirectory = {
    ownerOf: (service, partition) => directory.ownerOf(service, partition),
    peersOf: livePeersOf,
    publish: (owner) => directory.publish(owner),
    onChange: (listener) => directory.onChange(listener),
  };
  const anyLive = { directory: live, partitionOf: () => undefined };
  const router = createRoutedClient({
    ...options,
    service: RouterService,
    serviceName: 'router',
    partitionOf: (request) =>
      byKey(request.app, 'users' in request ? userKey(request.users?.[0]) : 'conversation' in request ? (request.conversation ?? '') : ''),
  });
  return {
    router: { ...router, queryPresence: (request, call) => queryPresence(router, { request, partitions }, call) },
    group: createRoutedClient({
      ...options,
      service: GroupService,
      serviceName: 'group',
      partitionOf: (request, method) => {
        // Of many groups: any process asks the owners of the partitions.
        if (method === 'getGroups' || method === 'listUserRequests') return undefined;
        if (method === 'getPartitionGroups' || method === 'listPartitionRequests' || method === 'withdrawRequests') {
          return knownPartition('partition' in request ? request.partition : 0, partitions);
        }
        return byKey(request.app, groupKey('group' in request ? request.group : ''));
      },
    }),
    room: createRoutedClient({
      ...options,
      service: RoomService,
      serviceName: 'room',
      partitionOf: (request, method) => {
        // Of all rooms: any process asks the owners of the partitions.
        if (method === 'listRooms' || method === 'sendToAllRooms') return undefined;
        if (method === 'listPartitionRooms' || method === 'sendToPartitionRooms') {
          return knownPartition('partition' in request ? request.partition : 0, partitions);
        }
        return byKey('app' in request ? request.app : '', roomKey('room' in request ? request.room : ''));
      },
    }),
    history: createRoutedClient({
      ...options,
      service: HistoryService,
      serviceName: 'history',
      partitionOf: (request, method) => {
        if (method === 'getCheckpoint') return knownPartition('partition' in request ? request.partition : 0, partitions);
        const conversation = conversationOf(request, method);
        return conversation === undefined ? undefined : byKey('app' in request ? request.app : '', conversation);
      },
    }),
    user: createRoutedClient({ ...options, ...anyLive, service: UserService, serviceName: 'user' }),
    media: createRoutedClient({ ...options, ...anyLive, service: MediaService, serviceName: 'media' }),
    push: createRoutedClient({ ...options, service: PushService, serviceName: 'push', partitionOf: () => undefined }),
    gateway: createGatewayClient(options.dialer, directory),
  };
}

/**
 * The conversation whose projector answers; undefined where any process can, from the store: what is a user's or of all
 * apps, a search in several conversations, and a rebuild, which by the store's new epoch reaches every process.
 */
function conversationOf(request: UnaryRequest<typeof HistoryService>, method: UnaryMethod<typeof HistoryService>): string | undefined {
  if (anywhere.has(method)) return undefined;
  if (method !== 'searchMessages') return ('conversation' in request ? request.conversation : undefined) ?? '';
  const conversation = 'search' in request ? request.search?.conversation : undefined;
  return conversation === '' ? undefined : conversation;
}

const anywhere: ReadonlySet<UnaryMethod<typeof HistoryService>> = new Set([
  'listConversations',
  'queryConversations',
  'getProfiles',
  'listRelations',
  'getRelations',
  'listReports',
  'listUserMessages',
  'rebuild',
]);

/** Nobody will ever serve another one, so there is nothing to wait for. */
function knownPartition(asked: number | undefined, partitions: number): number {
  const partition = asked ?? 0;
  if (partition >= partitions) throw new ParleyError('INVALID_ARGUMENT', `partition: below ${partitions}`);
  return partition;
}

const userKey = (user = ''): string => channelOfUser(user as UserId);

/** A router answers for the users whose channels it owns, so each partition is asked for its own. */
async function queryPresence(
  router: RoutedClient<typeof RouterService>,
  { request, partitions }: { readonly request: QueryPresenceRequestInit; readonly partitions: number },
  call?: CallOptions,
): Promise<{ readonly online: readonly string[] }> {
  const { app = '', users = [] } = request;
  const byPartition = new Map<number, string[]>();
  for (const user of users) {
    const partition = partitionOf(app, userKey(user), partitions);
    const together = byPartition.get(partition);
    if (together === undefined) byPartition.set(partition, [user]);
    else together.push(user);
  }
  // One signal may end the questions to all partitions.
  if (call?.signal !== undefined) setMaxListeners(0, call.signal);
  const answers = await Promise.all([...byPartition.values()].map((some) => router.queryPresence({ app, users: some }, call)));
  const online = new Set(answers.flatMap((answer) => answer.online));
  return { online: users.filter((user) => online.has(user)) };
}
