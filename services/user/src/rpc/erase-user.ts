import type { EraseUserRequest, EraseUserResponseInit } from '@parley/contracts/user';
import type { CallOptions } from '@parley/rpc';
import { eraseUser as erase, type EraseDeps } from '../erase/erase-user.js';
import { appField, userField } from './fields.js';

/** Removes everything of a user; to be repeated until it is complete. */
export async function eraseUser(deps: EraseDeps, request: EraseUserRequest, call: CallOptions): Promise<EraseUserResponseInit> {
  return erase(deps, { app: appField(request.app), user: userField('user', request.user) }, call);
}
