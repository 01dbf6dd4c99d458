import type { RelationFacts } from '@parley/contracts/history';
import type { ChangeRelationsRequest, ChangeRelationsResponseInit } from '@parley/contracts/user';
import { type AppId, conversationOfUsers, errorSpecOf, ParleyError, type UserId } from '@parley/kernel';
import type { CallOptions } from '@parley/rpc';
import type { RelationChange } from '@parley/wire';
import type { UserEvents } from '../events.js';
import { inParallel } from '../in-parallel.js';
import { userLimits } from '../limits.js';
import { ListRoom } from '../list-room.js';
import type { UserDeps } from '../ports.js';
import { appField, userField, usersField } from './fields.js';
import { viewsOf } from './views-of.js';

type Deps = UserDeps & { readonly events: UserEvents };

/** The same step of one user towards each of some others; each succeeds or is refused alone. Steps may be repeated. */
export async function changeRelations(
  deps: Deps,
  request: ChangeRelationsRequest,
  call: CallOptions,
): Promise<ChangeRelationsResponseInit> {
  const app = appField(request.app);
  const user = userField('user', request.user);
  const others = usersField('others', request.others, userLimits.stepsMax);
  const step = request.step?.step;
  if (step === undefined) throw new ParleyError('INVALID_ARGUMENT', 'step: one of add, ask, answer, remove, describe, block');
  const facts = await factsOf(deps, { app, user, others }, call);
  const room = await ListRoom.of(deps, { app, user, step }, call);
  const admitted = room.admit(others, facts);
  const sender = request.isPrivileged ? '' : user;
  const refusals = await inParallel(others, userLimits.stepsMax, async (other) => {
    const refused = await refusalOf(async () => {
      if (other === user) throw new ParleyError('INVALID_ARGUMENT', 'others: not the user');
      await room.check(other, admitted.has(other), facts.get(other));
      await act(deps, { app, sender, change: { user, other, step } }, call);
    });
    deps.events.stepped(step.type, refused?.error ?? '');
    return [other, refused] as const;
  });
  const refusalBy = new Map(refusals);
  const { relations } = await deps.history.getRelations({ app, user, others, isCurrent: true }, call);
  const views = viewsOf(relations);
  const results = others.map((other) => {
    const refused = refusalBy.get(other);
    const relation = views.get(other) ?? { other };
    return refused === undefined
      ? { other, relation }
      : { other, error: errorSpecOf(refused.error).code, detail: refused.detail, relation };
  });
  return { results };
}

async function factsOf(
  { history }: Deps,
  question: { readonly app: AppId; readonly user: UserId; readonly others: readonly UserId[] },
  call: CallOptions,
): Promise<ReadonlyMap<string, RelationFacts>> {
  const { relations } = await history.getRelations(question, call);
  return new Map(relations.map((each) => [each.view?.other ?? '', each]));
}

/** Orders the step among everything else between the two; the router decides about it. */
async function act(
  { router }: Deps,
  { app, sender, change }: { readonly app: AppId; readonly sender: string; readonly change: RelationChange },
  call: CallOptions,
): Promise<void> {
  const conversation = conversationOfUsers(change.user as UserId, change.other as UserId);
  await router.act({ app, conversation, sender, act: { kind: { type: 'relation', value: change } } }, call);
}

async function refusalOf(work: () => Promise<void>): Promise<ParleyError | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return ParleyError.from(error);
  }
}
