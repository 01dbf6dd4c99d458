import { conversationOfUsers, limits, type UserId } from '@parley/kernel';
import { type FriendRequest, type RelationChangeInit, RelationKind, RequestState, type RelationView } from '@parley/wire';
import { eachRelation } from '../each-relation.js';
import { inParallel } from '../in-parallel.js';
import { userLimits } from '../limits.js';
import type { EraseDeps, Erasure } from './erase-user.js';

type Step = NonNullable<RelationChangeInit['step']>;

/**
 * Ends friendships on both sides, and blocks and requests of the user. That others block the user is theirs and stays.
 * True once nothing of it is left.
 */
export async function eraseRelations(deps: EraseDeps, erasure: Erasure): Promise<boolean> {
  const { app, user, call, isTurnOver } = erasure;
  const others = new Map<string, RelationView>();
  for await (const view of eachRelation(deps, { app, user, kind: RelationKind.UNSPECIFIED }, call)) others.set(view.other, view);
  let isComplete = true;
  await inParallel([...others.values()], userLimits.eraseWidth, async (view) => {
    if (isTurnOver()) isComplete = false;
    else await eraseRelation(deps, erasure, view);
  });
  return isComplete;
}

async function eraseRelation({ router, clock }: EraseDeps, { app, user, call }: Erasure, view: RelationView): Promise<void> {
  const { other } = view;
  const conversation = conversationOfUsers(user, other as UserId);
  for (const step of stepsOf(view, clock.now())) {
    await router.act({ app, conversation, act: { kind: { type: 'relation', value: { user, other, step } } } }, call);
  }
}

/** What leads from the relation to none. A removal takes back the own request, however it ended; a block ends the other's. */
function stepsOf({ isFriend, isBefriended, isBlocked, sent, received }: RelationView, nowMs: number): readonly Step[] {
  const steps: Step[] = [];
  if (isFriend || isBefriended || sent !== undefined) steps.push({ type: 'remove', value: { isOneSided: false } });
  const isWaiting = isWaitingAt(received, nowMs);
  if (isWaiting && !isBlocked) steps.push({ type: 'block', value: { isOn: true } });
  if (isWaiting || isBlocked) steps.push({ type: 'block', value: { isOn: false } });
  return steps;
}

const isWaitingAt = (request: FriendRequest | undefined, nowMs: number): boolean =>
  request?.state === RequestState.WAITING && nowMs - request.sentMs < limits.requestMs;
