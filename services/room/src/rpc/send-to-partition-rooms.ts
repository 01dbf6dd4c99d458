import type { SendToAllRoomsResponseInit, SendToPartitionRoomsRequest } from '@parley/contracts/room';
import type { RoomPartitions } from '../partition/room-partitions.js';
import { type SendOptions, sendToRooms } from '../partition/send-to-rooms.js';
import { broadcastField } from './broadcast-field.js';

/** The part of a message to all rooms that concerns one partition. */
export async function sendToPartitionRooms(
  partitions: RoomPartitions,
  { partition, send }: SendToPartitionRoomsRequest,
  options: SendOptions,
): Promise<SendToAllRoomsResponseInit> {
  const broadcast = broadcastField(send);
  const rooms = await sendToRooms(partitions.at(partition), broadcast, options);
  partitions.metrics.broadcasts.add(rooms);
  return { rooms };
}
