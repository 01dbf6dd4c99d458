import type { CallOptions } from '@parley/rpc';
import type { RelationKind, RelationView } from '@parley/wire';
import { userLimits } from './limits.js';
import type { UserDeps } from './ports.js';

/** All relations of a kind, page after page. */
export async function* eachRelation(
  { history }: Pick<UserDeps, 'history'>,
  { app, user, kind }: { readonly app: string; readonly user: string; readonly kind: RelationKind },
  call: CallOptions,
): AsyncGenerator<RelationView> {
  let page = '';
  do {
    const answer = await history.listRelations({ app, user, kind, page, limit: userLimits.relationsPage }, call);
    yield* answer.relations;
    page = answer.nextPage;
  } while (page !== '');
}
