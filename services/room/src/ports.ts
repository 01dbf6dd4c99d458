import type { AggregateHost, AggregateHostDeps } from '@parley/aggregates';
import type { Room, RoomCommand } from '@parley/domain';

/** What the room service runs on. */
export type RoomServiceDeps = AggregateHostDeps;

/** The rooms of the partitions that this process owns. */
export type Rooms = AggregateHost<Room, RoomCommand>;
