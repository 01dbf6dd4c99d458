import { createRelation, createRelationSide, type Relation, type RelationSide } from '@parley/wire';

/** Both sides of a relation, that of the user who asks first. */
export interface Sides {
  readonly mine: RelationSide;
  readonly theirs: RelationSide;
}

/** Both sides, the user's own first. */
export function sidesOf({ a, b }: Relation, user: string): Sides {
  const first = a ?? noSide;
  const second = b ?? noSide;
  return first.user === user ? { mine: first, theirs: second } : { mine: second, theirs: first };
}

const noSide = createRelationSide({});

/** Two users who have nothing to do with each other. */
export const strangers = (user: string, other: string): Relation =>
  createRelation(user < other ? { a: { user }, b: { user: other } } : { a: { user: other }, b: { user } });
