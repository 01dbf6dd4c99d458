import { limits, type Refusal, refusal } from '@parley/kernel';
import type { MemberAttribute, ProfileChange, RelationChange } from '@parley/wire';
import { isLonger, overLength } from '../content/sizes.js';

/** What is wrong with the sizes of a step towards another user. Ids are looked at when it is decided. */
export function refusalOfRelationStep({ step }: RelationChange): Refusal | undefined {
  const { userNameBytesMax } = limits;
  switch (step?.type) {
    case 'add':
      return overLength('relation.add.alias', step.value.alias, userNameBytesMax);
    case 'ask':
      return (
        overLength('relation.ask.text', step.value.text, userNameBytesMax) ??
        overLength('relation.ask.alias', step.value.alias, userNameBytesMax)
      );
    case 'describe':
      return (
        overLength('relation.describe.alias', step.value.alias?.text ?? '', userNameBytesMax) ??
        refusalOfAttributes(step.value.set, step.value.deleted)
      );
    case undefined:
      return refusal('INVALID_ARGUMENT', 'relation: a known step is missing');
    default:
      return undefined;
  }
}

/** What is wrong with the sizes of a profile change. */
export function refusalOfProfile({ name, avatar, extension }: ProfileChange): Refusal | undefined {
  return (
    overLength('profile.name', name?.text ?? '', limits.userNameBytesMax) ??
    overLength('profile.avatar', avatar?.text ?? '', limits.avatarBytesMax) ??
    overLength('profile.extension', extension?.text ?? '', limits.userExtensionBytesMax)
  );
}

function refusalOfAttributes(set: readonly MemberAttribute[], deleted: readonly string[]): Refusal | undefined {
  const { relationAttributesMax, relationAttributeKeyBytesMax, relationAttributeValueBytesMax } = limits;
  if (set.length > relationAttributesMax || deleted.length > relationAttributesMax) {
    return refusal('ATTRIBUTE_LIMIT_REACHED', `relation.describe.set: at most ${relationAttributesMax} attributes`);
  }
  for (const { key, value } of set) {
    if (key === '' || isLonger(key, relationAttributeKeyBytesMax)) {
      return refusal('ATTRIBUTE_INVALID', `relation.describe.set.key: 1 to ${relationAttributeKeyBytesMax} bytes`);
    }
    if (isLonger(value, relationAttributeValueBytesMax)) {
      return refusal('ATTRIBUTE_INVALID', `relation.describe.set.value: at most ${relationAttributeValueBytesMax} bytes`);
    }
  }
  return undefined;
}
