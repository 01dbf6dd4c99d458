import type { RelationFacts } from '@parley/contracts/history';
import type { RelationView } from '@parley/wire';

/** What the user may see of relations, by the other user: not who blocks them. */
export const viewsOf = (relations: readonly RelationFacts[]): ReadonlyMap<string, RelationView> =>
  new Map(relations.flatMap(({ view }) => (view === undefined ? [] : [[view.other, view] as const])));
