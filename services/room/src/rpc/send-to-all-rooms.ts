import type { SendToAllRoomsRequest, SendToAllRoomsResponseInit } from '@parley/contracts/room';
import { roomLimits } from '../limits.js';
import type { RoomOwners } from '../ports.js';
import { broadcastField } from './broadcast-field.js';
import { forEachAtOnce } from './for-each-at-once.js';

export interface SendToAllRoomsDeps {
  readonly owners: Pick<RoomOwners, 'sendToPartitionRooms'>;
  readonly partitions: number;
}

/**
 * Says something in every room of an app, a few partitions at a time. When it fails some rooms may have heard it:
 * repeating it with the same client message id says it in the others.
 */
export async function sendToAllRooms(
  { owners, partitions }: SendToAllRoomsDeps,
  send: SendToAllRoomsRequest,
  signal: AbortSignal,
): Promise<SendToAllRoomsResponseInit> {
  broadcastField(send);
  const call = { signal, timeoutMs: roomLimits.sendPartitionWithinMs };
  let rooms = 0;
  await forEachAtOnce(roomLimits.sendPartitionsAtOnce, partitions, async (partition) => {
    const reached = await owners.sendToPartitionRooms({ partition, send }, call);
    rooms += reached.rooms;
  });
  return { rooms };
}
