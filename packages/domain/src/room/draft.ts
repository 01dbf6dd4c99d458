import type { RoomEvent } from '@parley/contracts/events';
import { ok, type Refusal, type Result, refusal, refused } from '@parley/kernel';
import type { OpenRoom } from '../room.js';

/** What can happen to a room. */
export type RoomEventChange = NonNullable<RoomEvent['change']>;

/** A change before it is numbered. */
export interface RoomDraft {
  /** Who did it; empty for the server. */
  readonly operator: string;
  readonly change: RoomEventChange;
}

/** What a part of the decider answers with: changes in order, none where all is as it should be. */
export type RoomDecision = Result<readonly RoomDraft[], Refusal>;

/** What an event makes of a room, besides its versions. */
export type RoomFold = Partial<OpenRoom>;

export const noChange: RoomDecision = ok([]);

/** "Absent" and "not allowed to know" answer alike. */
export const roomNotFound: Refusal = refusal('ROOM_NOT_FOUND');

export const invalid = (detail: string): RoomDecision => refused(refusal('INVALID_ARGUMENT', detail));
