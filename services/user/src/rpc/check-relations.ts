import type { CheckRelationsRequest, CheckRelationsResponseInit } from '@parley/contracts/user';
import type { CallOptions } from '@parley/rpc';
import { userLimits } from '../limits.js';
import type { UserDeps } from '../ports.js';
import { appField, userField, usersField } from './fields.js';
import { viewsOf } from './views-of.js';

/** How a user stands to others; that one of them blocks the user is not told. */
export async function checkRelations(
  deps: UserDeps,
  request: CheckRelationsRequest,
  call: CallOptions,
): Promise<CheckRelationsResponseInit> {
  const app = appField(request.app);
  const user = userField('user', request.user);
  const others = usersField('others', request.others, userLimits.usersMax);
  const { relations } = await deps.history.getRelations({ app, user, others }, call);
  const views = viewsOf(relations);
  // Of those with whom there is nothing, too: the caller asked about them.
  return { relations: others.map((other) => views.get(other) ?? { other }) };
}
