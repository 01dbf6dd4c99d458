import type { Outcome } from '@parley/contracts/router';
import { type Clock, conversationOfRoom, errorNameOf, ParleyError, type RoomId, sleep } from '@parley/kernel';
import { laneOf } from '@parley/lanes';
import type { Priority } from '@parley/wire';
import { roomLimits } from '../limits.js';
import type { RoomPartition } from './room-partition.js';

/** What is said in every room, checked. */
export interface Broadcast {
  readonly app: string;
  /** Empty for the server. */
  readonly sender: string;
  readonly clientMsgId: string;
  readonly priority: Priority;
  readonly content: Uint8Array;
  /** Nobody remembers it, so what may have been said is not said again. */
  readonly isTransient: boolean;
}

export interface SendOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Says something in every room of a partition, a few rooms at a time; answers in how many. Rooms that end meanwhile
 * are passed over. Stops at the first failure: throws it when it is for good, TIMEOUT when repeating the message says
 * it where it was not said yet.
 */
export async function sendToRooms(partition: RoomPartition, broadcast: Broadcast, options: SendOptions): Promise<number> {
  const rooms = roomsOf(partition, broadcast.app);
  let failure: ParleyError | undefined;
  let reached = 0;
  const worker = async (): Promise<void> => {
    for (const room of rooms) {
      if (options.signal.aborted || failure !== undefined) return;
      try {
        if (await sendToRoom(partition, { broadcast, room }, options)) reached++;
      } catch (error) {
        failure ??= ParleyError.from(error);
      }
    }
  };
  await Promise.all(Array.from({ length: roomLimits.sendRoomsAtOnce }, worker));
  if (failure !== undefined) throw failure;
  if (options.signal.aborted) throw new ParleyError('TIMEOUT', 'not all rooms were reached');
  return reached;
}

/** Live: rooms that come while it goes on may be in it. One iterator feeds all workers. */
function* roomsOf({ index }: RoomPartition, app: string): Generator<RoomId> {
  for (let after = ''; ; ) {
    const rooms = index.page(app, after, roomLimits.listPageMax);
    for (const room of rooms) yield room as RoomId;
    const last = rooms.at(-1);
    if (last === undefined) return;
    after = last;
  }
}

/** False when there is no such room any more. */
async function sendToRoom(
  { view }: RoomPartition,
  { broadcast, room }: { readonly broadcast: Broadcast; readonly room: RoomId },
  { clock, signal }: SendOptions,
): Promise<boolean> {
  const { app, isTransient, ...message } = broadcast;
  // Whether it is a repetition is not known here, so the router looks further back than into its memory.
  const value = { ...message, isRetry: !isTransient, isPrivileged: true };
  const command = { app, conversation: conversationOfRoom(room), body: { type: 'send', value } } as const;
  for (let attempt = 1; ; attempt++) {
    const outcome = await view.ask(laneOf(broadcast.priority), command, roomLimits.sendOutcomeMs);
    if (outcome?.error === 0) return true;
    if (outcome === undefined && view.lost.aborted) throw new ParleyError('NOT_OWNER');
    const failure = failureOf(outcome);
    if (failure.error === 'CONVERSATION_NOT_FOUND') return false;
    const isOver = failure.spec.retry === 'never' || (outcome === undefined && isTransient);
    if (isOver && outcome !== undefined) throw failure;
    // Never UNAVAILABLE or the like, which would say that nothing happened in any room.
    if (isOver || attempt >= roomLimits.sendAttempts) throw new ParleyError('TIMEOUT', 'not all rooms were reached', { cause: failure });
    await sleep(clock, Math.max(failure.retryAfterMs, 100 * attempt), signal);
  }
}

function failureOf(outcome: Outcome | undefined): ParleyError {
  if (outcome === undefined) return new ParleyError('TIMEOUT');
  const { error, detail, retryAfterMs } = outcome;
  return new ParleyError(errorNameOf(error) ?? 'INTERNAL', detail, { retryAfterMs });
}
