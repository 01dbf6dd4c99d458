import { isUserId, ok, type Refusal, type Result, refusal, refused } from '@parley/kernel';
import { type Relation, type RelationChange, type RelationSide, RequestState } from '@parley/wire';
import type { AppRules } from '../app-rules.js';
import { describedSide } from './describe-friend.js';
import { ended, isWaiting } from './requests.js';
import { type Sides, sidesOf, strangers } from './sides.js';

/** What a step of one user towards another is decided by. */
export interface RelationContext {
  readonly timeMs: number;
  /** The back end acts for the user. */
  readonly isPrivileged: boolean;
  readonly rules: AppRules;
}

type SidesResult = Result<Sides, Refusal>;

/**
 * What two users are to each other after a step of one of them. Where nothing changes the relation keeps its version;
 * else it has one more. How many friends or blocked users one may have is not seen from here.
 */
export function decideRelation(
  relation: Relation | undefined,
  change: RelationChange,
  context: RelationContext,
): Result<Relation, Refusal> {
  const { user, other } = change;
  if (!isUserId(user)) return refused(refusal('INVALID_ARGUMENT', 'relation.user: a user id'));
  if (!isUserId(other) || other === user) return refused(refusal('INVALID_ARGUMENT', 'relation.other: another user'));
  const before = relation ?? strangers(user, other);
  const sides = sidesOf(before, user);
  const decided = decideStep(sides, change, context);
  if (!decided.ok) return decided;
  const { mine, theirs } = decided.value;
  if (mine === sides.mine && theirs === sides.theirs) return ok(before);
  const [a, b] = user < other ? [mine, theirs] : [theirs, mine];
  return ok({ a, b, version: before.version + 1 });
}

function decideStep(sides: Sides, { step }: RelationChange, context: RelationContext): SidesResult {
  switch (step?.type) {
    case 'add':
      return decideAdd(sides, step.value, context);
    case 'ask':
      return decideAsk(sides, step.value, context);
    case 'answer':
      return decideAnswer(sides, step.value.isAccepted, context);
    case 'remove': {
      const mine = forgotten(sides.mine);
      return ok({ mine, theirs: step.value.isOneSided ? sides.theirs : unfriended(sides.theirs) });
    }
    case 'describe': {
      const mine = describedSide(sides.mine, step.value);
      return mine.ok ? ok({ ...sides, mine: mine.value }) : mine;
    }
    case 'block':
      return ok(step.value.isOn ? blocked(sides, context.timeMs) : { ...sides, mine: unblocked(sides.mine) });
    case undefined:
      return refused(refusal('INVALID_ARGUMENT', 'relation: a known step is missing'));
  }
}

function decideAdd(
  sides: Sides,
  { isOneSided, alias }: { readonly isOneSided: boolean; readonly alias: string },
  context: RelationContext,
): SidesResult {
  const { timeMs, isPrivileged, rules } = context;
  if (!isPrivileged) {
    if (isOneSided) return refused(refusal('PERMISSION_DENIED', 'relation.add.is_one_sided: the back end only'));
    if (rules.areFriendRequestsNeeded) return refused(refusal('PERMISSION_DENIED', 'relation.add: the app asks for a request'));
    if (sides.mine.isBlocking || sides.theirs.isBlocking) return refused(refusal('BLOCKED'));
  }
  const mine = named(befriended(sides.mine, timeMs), alias);
  return ok(isOneSided ? { ...sides, mine } : settled({ mine, theirs: befriended(sides.theirs, timeMs) }, timeMs));
}

/** Who asks somebody who has asked before, or who has them as a friend still, gets them as a friend at once. */
function decideAsk(
  sides: Sides,
  { text, alias }: { readonly text: string; readonly alias: string },
  { timeMs }: RelationContext,
): SidesResult {
  if (sides.mine.isBlocking || sides.theirs.isBlocking) return refused(refusal('BLOCKED'));
  if (sides.mine.isFriend && sides.theirs.isFriend) return ok(sides);
  const mine = named(sides.mine, alias);
  if (sides.theirs.isFriend || isWaiting(sides.theirs.request, timeMs)) return ok(friends({ ...sides, mine }, timeMs));
  if (isWaiting(mine.request, timeMs) && mine.request.text === text) return ok({ ...sides, mine });
  return ok({ ...sides, mine: { ...mine, request: { text, sentMs: timeMs, state: RequestState.WAITING, answeredMs: 0 } } });
}

function decideAnswer(sides: Sides, isAccepted: boolean, { timeMs }: RelationContext): SidesResult {
  const { request } = sides.theirs;
  if (!isWaiting(request, timeMs)) return refused(refusal('REQUEST_NOT_FOUND'));
  if (isAccepted) return ok(friends(sides, timeMs));
  return ok({ ...sides, theirs: { ...sides.theirs, request: ended(request, RequestState.REJECTED, timeMs) } });
}

const friends = (sides: Sides, timeMs: number): Sides =>
  settled({ mine: befriended(sides.mine, timeMs), theirs: befriended(sides.theirs, timeMs) }, timeMs);

/** Friends wait for nothing. */
const settled = (sides: Sides, timeMs: number): Sides => requestsEnded(sides, RequestState.ACCEPTED, timeMs);

const befriended = (side: RelationSide, timeMs: number): RelationSide =>
  side.isFriend ? side : { ...side, isFriend: true, friendSinceMs: timeMs };

const named = (side: RelationSide, alias: string): RelationSide => (alias === '' || alias === side.alias ? side : { ...side, alias });

/** What was said about a friend goes with the friendship. */
const unfriended = (side: RelationSide): RelationSide =>
  side.isFriend ? { ...side, isFriend: false, friendSinceMs: 0, alias: '', attributes: [] } : side;

/** Who removes the other takes back their own request as well. */
function forgotten(side: RelationSide): RelationSide {
  const isEmpty = !side.isFriend && side.request === undefined && side.alias === '' && side.attributes.length === 0;
  return isEmpty ? side : { ...side, isFriend: false, friendSinceMs: 0, alias: '', attributes: [], request: undefined };
}

/** A block ends what waits, in both directions; friends stay friends. */
const blocked = (sides: Sides, timeMs: number): Sides =>
  sides.mine.isBlocking
    ? sides
    : requestsEnded({ ...sides, mine: { ...sides.mine, isBlocking: true, blockedSinceMs: timeMs } }, RequestState.EXPIRED, timeMs);

const unblocked = (side: RelationSide): RelationSide => (side.isBlocking ? { ...side, isBlocking: false, blockedSinceMs: 0 } : side);

const requestsEnded = ({ mine, theirs }: Sides, state: RequestState, timeMs: number): Sides => ({
  mine: requestEnded(mine, state, timeMs),
  theirs: requestEnded(theirs, state, timeMs),
});

function requestEnded(side: RelationSide, state: RequestState, timeMs: number): RelationSide {
  const request = ended(side.request, state, timeMs);
  return request === side.request ? side : { ...side, request };
}
