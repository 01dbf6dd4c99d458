import { describe, expect, it } from '@jest/globals';
import { GroupService } from '@parley/contracts/group';
import { HistoryService } from '@parley/contracts/history';
import { RoomService } from '@parley/contracts/room';
import { RouterService } from '@parley/contracts/router';
import { UserService } from '@parley/contracts/user';
import { ParleyError, partitionOf, seededRandom, systemClock } from '@parley/kernel';
import { createInProcessRpc, createMemoryDirectory, type Owner, type ServiceDescriptor, type ServiceHandlers } from '@parley/rpc';
import { createServiceClients } from './service-clients.js';

const app = 'app';
const partitions = 4;

/** Four processes with one partition each of a service; what each was asked. */
async function openService(name: string, service: ServiceDescriptor, livePeersOf?: (service: string) => readonly Owner[]) {
  const rpc = createInProcessRpc();
  const directory = createMemoryDirectory();
  const asked: string[] = [];
  for (let partition = 0; partition < partitions; partition++) {
    const answer = async (): Promise<Record<string, never>> => {
      asked.push(`p${partition}`);
      return {};
    };
    const handlers = new Proxy({}, { get: () => answer }) as ServiceHandlers<ServiceDescriptor>;
    rpc.server(`p${partition}`).serve(service, handlers);
    await directory.publish({ service: name, partition, fence: 1, address: `p${partition}`, peer: `p${partition}` });
  }
  const shared = { dialer: rpc.dialer, directory, partitions, clock: systemClock, random: seededRandom(1) };
  return { clients: createServiceClients({ ...shared, ...(livePeersOf === undefined ? {} : { livePeersOf }) }), asked };
}

const ownerOf = (key: string): string => `p${partitionOf(app, key, partitions)}`;

async function openRooms() {
  const { clients, asked } = await openService('room', RoomService);
  return { rooms: clients.room, asked };
}

describe('calls of rooms', () => {
  it('go to the owner of the room', async () => {
    const { rooms, asked } = await openRooms();
    for (const room of ['a', 'b', 'c', 'd']) await rooms.getRoom({ app, room });
    expect(asked).toEqual(['a', 'b', 'c', 'd'].map((room) => `p${partitionOf(app, `r:${room}`, partitions)}`));
    expect(new Set(asked).size).toBeGreaterThan(1);
  });

  it('go to the owner of the partition where they name one, also the first', async () => {
    const { rooms, asked } = await openRooms();
    await rooms.listPartitionRooms({ app, partition: 2 });
    await rooms.listPartitionRooms({ app });
    await rooms.sendToPartitionRooms({ partition: 3, send: { app } });
    expect(asked).toEqual(['p2', 'p0', 'p3']);
    await expect(rooms.listPartitionRooms({ app, partition: partitions })).rejects.toThrow(ParleyError);
  });

  it('of all rooms go to any process', async () => {
    const { rooms, asked } = await openRooms();
    for (let i = 0; i < 20; i++) await Promise.all([rooms.listRooms({ app }), rooms.sendToAllRooms({ app })]);
    expect(new Set(asked).size).toBe(partitions);
  });
});

describe('calls of history', () => {
  const conversations = ['u:ann|bob', 'g:team', 'g:b', 'r:hall'];

  it('about a conversation go to the process that projects it', async () => {
    const { clients, asked } = await openService('history', HistoryService);
    const { history } = clients;
    for (const conversation of conversations) {
      const of = { app, conversation };
      await history.queryHistory(of);
      await history.getMessages(of);
      await history.getTarget(of);
      await history.listReplies(of);
      await history.listReactions(of);
      await history.listPins(of);
      await history.getReceipts(of);
      await history.listReaders(of);
      await history.getConversationSummary({ ...of, user: 'ann' });
      await history.getFingerprint(of);
      await history.searchMessages({ app, search: { conversation } });
    }
    expect(asked).toEqual(conversations.flatMap((conversation) => Array.from({ length: 11 }, () => ownerOf(conversation))));
  });

  it('about a user, about everything, and for a new beginning go to any process', async () => {
    const { clients, asked } = await openService('history', HistoryService);
    const { history } = clients;
    const calls = [
      () => history.listConversations({ app, user: 'ann' }),
      () => history.queryConversations({ app, user: 'ann' }),
      () => history.searchMessages({ app, viewer: 'ann', search: { text: 'x' } }),
      () => history.getProfiles({ app, users: ['ann'] }),
      () => history.listRelations({ app, user: 'ann' }),
      () => history.getRelations({ app, user: 'ann' }),
      () => history.listReports({ app }),
      () => history.listUserMessages({ app, user: 'ann' }),
      () => history.rebuild({}),
    ];
    for (const call of calls) {
      asked.length = 0;
      for (let i = 0; i < 40; i++) await call();
      expect(new Set(asked).size).toBe(partitions);
    }
  });
});

describe('calls of groups', () => {
  it('go to the owner of the group or of the named partition, and about many groups to any process', async () => {
    const { clients, asked } = await openService('group', GroupService);
    const { group } = clients;
    await group.changeGroup({ app, group: 'team' });
    await group.getMembers({ app, group: 'team' });
    await group.getPartitionGroups({ app, partition: 3 });
    expect(asked).toEqual([ownerOf('g:team'), ownerOf('g:team'), 'p3']);
    await expect(group.getPartitionGroups({ app, partition: partitions })).rejects.toThrow(ParleyError);
    for (let i = 0; i < 40; i++) await group.getGroups({ app, groups: ['team'] });
    expect(new Set(asked).size).toBe(partitions);
  });
});

describe('calls of routers', () => {
  it('go to the owner of the conversation', async () => {
    const { clients, asked } = await openService('router', RouterService);
    for (const conversation of ['u:ann|bob', 'g:team', 'u:ann|ann']) {
      asked.length = 0;
      await clients.router.act({ app, conversation });
      await clients.router.notify({ app, conversation });
      await clients.router.importMessages({ app, conversation });
      expect(new Set(asked)).toEqual(new Set([ownerOf(conversation)]));
    }
  });
});

describe('calls of services without partitions', () => {
  it('go to processes that live', async () => {
    const live: Owner = { service: 'user', partition: 2, fence: 1, address: 'p2', peer: 'p2' };
    const { clients, asked } = await openService('user', UserService, () => [live]);
    for (let i = 0; i < 10; i++) await clients.user.getUsers({ app, users: ['ann'] });
    expect(new Set(asked)).toEqual(new Set(['p2']));
  });
});
