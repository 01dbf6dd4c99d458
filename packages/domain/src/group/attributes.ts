import { limits, ok, type Refusal, refusal, refused } from '@parley/kernel';
import type { GroupAttribute, GroupAttributesChanged } from '@parley/wire';
import type { OpenGroup } from '../group.js';
import { type AttributeBounds, refusalOfBatch, refusalOfSet } from '../room/attribute-batch.js';
import { changed, type GroupDecision, type GroupFold, noGroupChange, type Operation } from './draft.js';

type Attributes = OpenGroup['attributes'];

const bounds: AttributeBounds = {
  keyBytesMax: limits.groupAttributeKeyBytesMax,
  valueBytesMax: limits.groupAttributeValueBytesMax,
};

/** Carries a batch out as one event or refuses it. */
export function decideChangeGroupAttributes(group: OpenGroup, { operator, value }: Operation<'changeAttributes'>): GroupDecision {
  const wrong = refusalOfBatch(value, bounds);
  if (wrong !== undefined) return refused(wrong);
  const set = value.set.filter((attribute) => group.attributes.get(attribute.key) !== attribute.value);
  const deleted = value.deleted.filter((key) => group.attributes.has(key));
  if (set.length + deleted.length === 0) return noGroupChange;
  const tooMany = refusalOfCount(attributesAfter(group.attributes, { set, deleted }).size);
  if (tooMany !== undefined) return refused(tooMany);
  return ok([changed(operator, { type: 'attributes', value: { set, deleted } })]);
}

/** What is wrong with the attributes that a group is to start with. */
export const refusalOfGroupAttributes = (attributes: readonly GroupAttribute[]): Refusal | undefined =>
  refusalOfSet(attributes, bounds) ?? refusalOfCount(attributes.length);

export const foldGroupAttributes = (group: OpenGroup, value: GroupAttributesChanged): GroupFold => ({
  attributes: attributesAfter(group.attributes, value),
});

function attributesAfter(attributes: Attributes, { set, deleted }: GroupAttributesChanged): Attributes {
  const after = new Map(attributes);
  for (const key of deleted) after.delete(key);
  for (const { key, value } of set) after.set(key, value);
  return after;
}

function refusalOfCount(count: number): Refusal | undefined {
  const { groupAttributesMax } = limits;
  return count <= groupAttributesMax ? undefined : refusal('ATTRIBUTE_LIMIT_REACHED', `at most ${groupAttributesMax} attributes`);
}
