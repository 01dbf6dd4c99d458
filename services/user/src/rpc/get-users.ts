import type { GetUsersRequest, GetUsersResponseInit } from '@parley/contracts/user';
import type { CallOptions } from '@parley/rpc';
import { userLimits } from '../limits.js';
import type { UserDeps } from '../ports.js';
import { appField, usersField } from './fields.js';

/** What users show of themselves; those who never showed anything are left out. */
export async function getUsers(deps: UserDeps, request: GetUsersRequest, call: CallOptions): Promise<GetUsersResponseInit> {
  const app = appField(request.app);
  const users = usersField('users', request.users, userLimits.usersMax);
  const { profiles } = await deps.history.getProfiles({ app, users }, call);
  return { users: profiles };
}
