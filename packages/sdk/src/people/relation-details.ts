import type { FriendRequest, RelationView } from '@parley/wire';
import { type RequestStateName, requestStateName } from '../groups/group-details.js';

/** A request to be friends. */
export interface FriendRequestInfo {
  readonly text: string;
  readonly sentMs: number;
  readonly state: RequestStateName;
  readonly answeredMs: number;
}

/** What another user is to this one. */
export interface RelationInfo {
  readonly other: string;
  /** Whether the other one is in the own list of friends. */
  readonly isFriend: boolean;
  readonly friendSinceMs: number;
  /** Own name for the other. */
  readonly alias: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly isBlocked: boolean;
  readonly blockedSinceMs: number;
  /** Whether this user is in the other one's list of friends. */
  readonly isBefriended: boolean;
  readonly sent: FriendRequestInfo | undefined;
  readonly received: FriendRequestInfo | undefined;
  /** Grows with each change. */
  readonly version: number;
}

export const relationOf = (view: RelationView): RelationInfo => ({
  ...view,
  attributes: new Map(view.attributes.map(({ key, value }) => [key, value])),
  sent: view.sent && requestOf(view.sent),
  received: view.received && requestOf(view.received),
});

const requestOf = (request: FriendRequest): FriendRequestInfo => ({ ...request, state: requestStateName(request.state) });
