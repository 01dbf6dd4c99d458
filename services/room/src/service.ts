import { createAggregateHost } from '@parley/aggregates';
import type { RoomService as RoomContract } from '@parley/contracts/room';
import type { OwnedPartitions } from '@parley/ownedlog';
import type { ServiceHandlers } from '@parley/rpc';
import type { RoomServiceDeps } from './ports.js';
import { roomKind } from './room-kind.js';
import { createRoom } from './rpc/create-room.js';
import { destroyRoom } from './rpc/destroy-room.js';
import { enterRoom } from './rpc/enter-room.js';
import { getRoom } from './rpc/get-room.js';
import { leaveRoom } from './rpc/leave-room.js';
import { listMembers } from './rpc/list-members.js';

export interface RoomService {
  /** To be offered at the address of the deps. Calls for partitions of others are refused with NOT_OWNER. */
  readonly handlers: ServiceHandlers<typeof RoomContract>;
  /** Owns partitions until the signal is aborted; resolves when all are given up. To be called once. */
  run(signal: AbortSignal): Promise<void>;
  readonly owned: OwnedPartitions;
}

/** Owns rooms: who is in them, and when they end. */
export function createRoomService(deps: RoomServiceDeps): RoomService {
  const rooms = createAggregateHost(roomKind, deps);
  return {
    handlers: {
      createRoom: (request) => createRoom(rooms, request),
      destroyRoom: (request) => destroyRoom(rooms, request),
      enterRoom: (request) => enterRoom(rooms, request),
      leaveRoom: (request) => leaveRoom(rooms, request),
      getRoom: async (request) => getRoom(rooms, request),
      listMembers: async (request) => listMembers(rooms, request),
    },
    run: (signal) => rooms.run(signal),
    owned: rooms.owned,
  };
}
