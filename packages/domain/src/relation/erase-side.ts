import { createRelationSide, type Relation, RequestState } from '@parley/wire';
import { ended } from './requests.js';
import { sidesOf } from './sides.js';

/**
 * What is left of a relation when one of the two is erased: nothing of theirs. The other one keeps their own words and
 * whom they block, has no friend any more, and no answer to wait for. The same relation where it is so already.
 */
export function eraseSide(relation: Relation, user: string, timeMs: number): Relation {
  const { mine, theirs } = sidesOf(relation, user);
  const request = ended(theirs.request, RequestState.EXPIRED, timeMs);
  const isOver = !theirs.isFriend && request === theirs.request;
  const isEmpty = !mine.isFriend && !mine.isBlocking && mine.request === undefined && mine.alias === '' && mine.attributes.length === 0;
  if (isOver && isEmpty) return relation;
  const nothing = createRelationSide({ user });
  const left = { ...theirs, isFriend: false, friendSinceMs: 0, request };
  const [a, b] = user < theirs.user ? [nothing, left] : [left, nothing];
  return { a, b, version: relation.version + 1 };
}
