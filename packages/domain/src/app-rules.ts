import { limits } from '@parley/kernel';

/** What an app lets its users do, as its operator has configured it. */
export interface AppRules {
  /** How long after sending a message may be recalled by its sender, milliseconds. */
  readonly recallWithinMs: number;
  /** How long after sending a message may be edited by its sender, milliseconds. */
  readonly editWithinMs: number;
  /** Only friends write to each other, and bring each other into groups. */
  readonly friendsOnly: boolean;
  /** Whether users become friends by a request and its acceptance, or at once. */
  readonly areFriendRequestsNeeded: boolean;
  /** Who has blocked another user may not write to them either. */
  readonly blocksBothWays: boolean;
  /** A block stops invitations to groups, too. */
  readonly blocksInvitations: boolean;
  /** Others learn what a user has read. */
  readonly tellsReading: boolean;
  /** Others learn what has arrived at a user. */
  readonly tellsDelivery: boolean;
  /** How long messages are kept, milliseconds. */
  readonly retentionMs: number;
  /** Users may search. */
  readonly isSearchable: boolean;
  /** The most that a text may have, bytes. */
  readonly textBytesMax: number;
}

/** Where the rules of apps are looked up, for every decision anew. */
export interface RulesBook {
  rulesOf(app: string): AppRules;
}

/** What holds where an app's operator says nothing. */
export const defaultRules: AppRules = {
  recallWithinMs: limits.recallWithinMs,
  editWithinMs: limits.editWithinMs,
  friendsOnly: false,
  areFriendRequestsNeeded: true,
  blocksBothWays: true,
  blocksInvitations: true,
  tellsReading: true,
  tellsDelivery: true,
  retentionMs: limits.retentionMs,
  isSearchable: true,
  textBytesMax: limits.textBytesMax,
};
