import type { RoomEvent } from '@parley/contracts/events';
import type { Refusal, Result } from '@parley/kernel';

type Change = NonNullable<RoomEvent['change']>;

/** What a decision leads to, before it is numbered. */
export interface RoomDraft {
  /** Who did it; empty for the server. */
  readonly operator: string;
  readonly change: Change;
}

/** What a part of the decider answers with: changes in order, none where all is as it should be. */
export type RoomDecision = Result<readonly RoomDraft[], Refusal>;
