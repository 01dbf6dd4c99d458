import { createAggregateHost } from '@parley/aggregates';
import type { RoomService as RoomContract } from '@parley/contracts/room';
import type { OwnedPartitions } from '@parley/ownedlog';
import type { ServiceHandlers } from '@parley/rpc';
import { RoomPartitions } from './partition/room-partitions.js';
import type { RoomCalls, RoomServiceDeps } from './ports.js';
import { roomKind } from './room-kind.js';
import { banUser } from './rpc/ban-user.js';
import { changeAttributes } from './rpc/change-attributes.js';
import { changeMemberAttributes } from './rpc/change-member-attributes.js';
import { createRoom } from './rpc/create-room.js';
import { destroyRoom } from './rpc/destroy-room.js';
import { enterRoom } from './rpc/enter-room.js';
import { getRoom } from './rpc/get-room.js';
import { incrementCounter } from './rpc/increment-counter.js';
import { kickMembers } from './rpc/kick-members.js';
import { leaveRoom } from './rpc/leave-room.js';
import { listBans } from './rpc/list-bans.js';
import { listMembers } from './rpc/list-members.js';
import { listPartitionRooms } from './rpc/list-partition-rooms.js';
import { listRooms } from './rpc/list-rooms.js';
import { mute } from './rpc/mute.js';
import { renameRoom } from './rpc/rename-room.js';
import { roomExists } from './rpc/room-exists.js';
import { sendToAllRooms } from './rpc/send-to-all-rooms.js';
import { sendToPartitionRooms } from './rpc/send-to-partition-rooms.js';
import { setRole } from './rpc/set-role.js';

export interface RoomService {
  /**
   * To be offered at the address of the deps. Calls about a room or partition of another process are refused with
   * NOT_OWNER; lists and messages of all rooms are made by any process.
   */
  readonly handlers: ServiceHandlers<typeof RoomContract>;
  /** Owns partitions until the signal is aborted; resolves when all are given up. To be called once. */
  run(signal: AbortSignal): Promise<void>;
  readonly owned: OwnedPartitions;
}

/** Owns rooms: who is in them, what they know of themselves, and when they end. */
export function createRoomService(deps: RoomServiceDeps): RoomService {
  const partitions = new RoomPartitions(deps);
  const rooms = createAggregateHost(roomKind, deps, (view) => partitions.open(view));
  const calls: RoomCalls = { rooms, clock: deps.clock };
  return {
    handlers: {
      createRoom: (request) => createRoom(calls, request),
      destroyRoom: (request) => destroyRoom(calls, request),
      enterRoom: (request) => enterRoom(calls, request),
      leaveRoom: (request) => leaveRoom(calls, request),
      getRoom: async (request) => getRoom(calls, request),
      roomExists: async (request) => roomExists(calls, request),
      listRooms: (request, { signal }) => listRooms(deps, request, signal),
      listPartitionRooms: async (request) => listPartitionRooms(partitions, request),
      listMembers: async (request) => listMembers(calls, request),
      kickMembers: (request) => kickMembers(calls, request),
      banUser: (request) => banUser(calls, request),
      listBans: async (request) => listBans(calls, request),
      mute: (request) => mute(calls, request),
      setRole: (request) => setRole(calls, request),
      renameRoom: (request) => renameRoom(calls, request),
      changeAttributes: (request) => changeAttributes(calls, request),
      changeMemberAttributes: (request) => changeMemberAttributes(calls, request),
      incrementCounter: (request) => incrementCounter(partitions, request),
      sendToAllRooms: (request, { signal }) => sendToAllRooms(deps, request, signal),
      sendToPartitionRooms: (request, { signal }) => sendToPartitionRooms(partitions, request, { clock: deps.clock, signal }),
    },
    run: (signal) => rooms.run(signal),
    owned: rooms.owned,
  };
}
