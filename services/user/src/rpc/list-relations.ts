import type { ListRelationsRequest, ListRelationsResponseInit } from '@parley/contracts/user';
import type { CallOptions } from '@parley/rpc';
import type { UserDeps } from '../ports.js';
import { appField, kindField, limitField, userField } from './fields.js';

/** Friends, blocked users, or requests of a user, page by page. */
export async function listRelations(deps: UserDeps, request: ListRelationsRequest, call: CallOptions): Promise<ListRelationsResponseInit> {
  const app = appField(request.app);
  const user = userField('user', request.user);
  const kind = kindField(request.kind);
  const { page } = request;
  return deps.history.listRelations({ app, user, kind, page, limit: limitField(request.limit) }, call);
}
