import type { AggregateHost, AggregateHostDeps, PartitionView } from '@parley/aggregates';
import type { RoomEvent } from '@parley/contracts/events';
import type { RoomService } from '@parley/contracts/room';
import type { Room, RoomCommand } from '@parley/domain';
import type { Clock } from '@parley/kernel';
import type { ServiceClient } from '@parley/rpc';

/** What the room service runs on. */
export interface RoomServiceDeps extends AggregateHostDeps {
  readonly presence: PresencePort;
  /** The owners of all partitions, this process included. */
  readonly owners: RoomOwners;
}

/** Knows who is connected. */
export interface PresencePort {
  /** Those of the users who have a connection now. At most 1 000 users. What it throws means that nobody knows. */
  online(app: string, users: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string>>;
}

/** The calls that concern one partition, each to be sent to its owner. */
export type RoomOwners = Pick<ServiceClient<typeof RoomService>, 'listPartitionRooms' | 'sendToPartitionRooms'>;

/** The rooms of the partitions that this process owns. */
export type Rooms = AggregateHost<Room, RoomCommand, RoomEvent>;

/** The rooms of one partition that this process owns. */
export type RoomsView = PartitionView<Room, RoomCommand, RoomEvent>;

/** What calls about one room work with. */
export interface RoomCalls {
  readonly rooms: Rooms;
  readonly clock: Clock;
}
