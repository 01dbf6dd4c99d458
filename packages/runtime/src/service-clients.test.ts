import { describe, expect, it } from '@jest/globals';
import { RoomService } from '@parley/contracts/room';
import { ParleyError, partitionOf, seededRandom, systemClock } from '@parley/kernel';
import { createInProcessRpc, createMemoryDirectory, type ServiceHandlers } from '@parley/rpc';
import { createServiceClients } from './service-clients.js';

const app = 'app';
const partitions = 4;

/** Four processes with one partition of rooms each; what each was asked. */
async function openRooms() {
  const rpc = createInProcessRpc();
  const directory = createMemoryDirectory();
  const asked: string[] = [];
  for (let partition = 0; partition < partitions; partition++) {
    const answer = async (): Promise<Record<string, never>> => {
      asked.push(`p${partition}`);
      return {};
    };
    const handlers = new Proxy({}, { get: () => answer }) as ServiceHandlers<typeof RoomService>;
    rpc.server(`p${partition}`).serve(RoomService, handlers);
    await directory.publish({ service: 'room', partition, fence: 1, address: `p${partition}`, peer: `p${partition}` });
  }
  const clients = createServiceClients({ dialer: rpc.dialer, directory, partitions, clock: systemClock, random: seededRandom(1) });
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
