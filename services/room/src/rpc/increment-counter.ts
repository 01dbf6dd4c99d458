import { operatorField } from '@parley/aggregates';
import type { IncrementCounterRequest, IncrementCounterResponseInit } from '@parley/contracts/room';
import { limits, ParleyError } from '@parley/kernel';
import type { RoomPartitions } from '../partition/room-partitions.js';
import { roomNameOf } from './room-name.js';

/** Takes what a contributor says to have added so far; a total that is told twice counts once. */
export async function incrementCounter(
  partitions: RoomPartitions,
  request: IncrementCounterRequest,
): Promise<IncrementCounterResponseInit> {
  const name = roomNameOf(request);
  const user = operatorField('user', request.user);
  const { counter, nonce, total } = request;
  // Before it shares a command with others, so that none of them carries more than this.
  demandText('counter', counter, limits.counterNameBytesMax);
  demandText('nonce', nonce, limits.clientMsgIdBytesMax);
  return { value: await partitions.of(name).counts.add(name, { counter, user, nonce, total }) };
}

function demandText(field: string, text: string, bytesMax: number): void {
  if (text !== '' && Buffer.byteLength(text) <= bytesMax) return;
  throw new ParleyError('INVALID_ARGUMENT', `${field}: 1 to ${bytesMax} bytes`);
}
