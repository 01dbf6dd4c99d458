import { limits, ok, type Refusal, type Result, refusal, refused } from '@parley/kernel';
import type { DescribeFriend, RelationSide } from '@parley/wire';

/** The side of a user who says something about a friend. */
export function describedSide(side: RelationSide, { alias, set, deleted }: DescribeFriend): Result<RelationSide, Refusal> {
  if (!side.isFriend) return refused(refusal('NOT_FRIENDS'));
  const attributes = new Map(side.attributes.map(({ key, value }) => [key, value]));
  for (const key of deleted) attributes.delete(key);
  for (const { key, value } of set) attributes.set(key, value);
  if (attributes.size > limits.relationAttributesMax) {
    return refused(refusal('ATTRIBUTE_LIMIT_REACHED', `relation.describe.set: at most ${limits.relationAttributesMax} attributes`));
  }
  const after = { ...side, alias: alias?.text ?? side.alias, attributes: [...attributes].map(([key, value]) => ({ key, value })) };
  return ok(isSame(side, after) ? side : after);
}

const isSame = (a: RelationSide, b: RelationSide): boolean =>
  a.alias === b.alias &&
  a.attributes.length === b.attributes.length &&
  a.attributes.every(({ key, value }, i) => b.attributes[i]?.key === key && b.attributes[i]?.value === value);
