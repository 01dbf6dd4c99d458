import { conversationOfUsers, type UserId } from '@parley/kernel';
import { RelationKind } from '@parley/wire';
import { eachRelation } from '../each-relation.js';
import { inParallel } from '../in-parallel.js';
import { userLimits } from '../limits.js';
import type { EraseDeps, Erasure } from './erase-user.js';

/**
 * Ends what the user and others are to each other, also where nothing was ever said: friendships on both sides, blocks and
 * requests of the user. That others block the user is theirs and stays. True once nothing of it is left.
 */
export async function eraseRelations(deps: EraseDeps, { app, user, call, isTurnOver }: Erasure): Promise<boolean> {
  const others = new Set<UserId>();
  for await (const view of eachRelation(deps, { app, user, kind: RelationKind.UNSPECIFIED }, call)) others.add(view.other as UserId);
  const act = { kind: { type: 'erase', value: { user, isRelationOnly: true } } } as const;
  let isComplete = true;
  await inParallel([...others], userLimits.eraseWidth, async (other) => {
    if (isTurnOver()) isComplete = false;
    else await deps.router.act({ app, conversation: conversationOfUsers(user, other), act }, call);
  });
  return isComplete;
}
