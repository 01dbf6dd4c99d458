import type { ErrorName } from '@parley/kernel';
import { createRelationView, encodeRelationView, type Relation, type RelationView } from '@parley/wire';
import type { AppRules } from '../app-rules.js';
import { sidesOf, strangers } from './sides.js';

/** A relation as one of the two users sees it: own settings, and of the other's only the friendship and requests. */
export function relationViewOf(relation: Relation, user: string): RelationView {
  const { mine, theirs } = sidesOf(relation, user);
  return createRelationView({
    other: theirs.user,
    isFriend: mine.isFriend,
    friendSinceMs: mine.friendSinceMs,
    alias: mine.alias,
    attributes: mine.attributes,
    isBlocked: mine.isBlocking,
    blockedSinceMs: mine.blockedSinceMs,
    isBefriended: theirs.isFriend,
    sent: mine.request,
    received: theirs.request,
    version: relation.version,
  });
}

/**
 * Whether a step changed what this user sees of the relation: only then they are told. Otherwise the news itself would
 * tell somebody that they were blocked.
 */
export function isViewChanged(before: Relation | undefined, after: Relation, user: string): boolean {
  const was = before ?? strangers(user, relationViewOf(after, user).other);
  const [old, now] = [was, after].map((relation) => encodeRelationView({ ...relationViewOf(relation, user), version: 0 }));
  return old === undefined || now === undefined || Buffer.compare(old, now) !== 0;
}

/** What history tells of a user and another one; absent where there is nothing between them. */
export interface KnownRelation {
  readonly view?: { readonly isBlocked: boolean; readonly isFriend: boolean; readonly isBefriended: boolean } | undefined;
  /** The other one blocks the user. */
  readonly isBlockedBy: boolean;
}

/** Why the user may not address the other one, as far as the given rules go: as `refusalOfRelation`, by what history tells. */
export function refusalOfKnown(
  known: KnownRelation | undefined,
  { blocksBothWays, friendsOnly }: Pick<AppRules, 'blocksBothWays' | 'friendsOnly'>,
): 'BLOCKED' | 'NOT_FRIENDS' | undefined {
  const { view, isBlockedBy = false } = known ?? {};
  if (isBlockedBy || (blocksBothWays && view?.isBlocked === true)) return 'BLOCKED';
  return friendsOnly && !(view?.isFriend === true && view.isBefriended) ? 'NOT_FRIENDS' : undefined;
}

/**
 * Why `sender` may not write to the other one of two users, or undefined: BLOCKED when one of them has blocked the other (the
 * app may let who blocks go on writing), NOT_FRIENDS where only friends write to each other. Not to be asked of a user
 * who writes to themselves.
 */
export function refusalOfRelation(relation: Relation | undefined, sender: string, rules: AppRules): ErrorName | undefined {
  if (relation === undefined) return rules.friendsOnly ? 'NOT_FRIENDS' : undefined;
  const { mine, theirs } = sidesOf(relation, sender);
  if (theirs.isBlocking || (mine.isBlocking && rules.blocksBothWays)) return 'BLOCKED';
  return rules.friendsOnly && !(mine.isFriend && theirs.isFriend) ? 'NOT_FRIENDS' : undefined;
}
