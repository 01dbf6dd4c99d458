import { isGroupId, limits, ParleyError } from '@parley/kernel';
import type { GroupOperation } from '@parley/wire';
import { demand } from './request-handler.js';
import { demandAttributes } from './room-checks.js';
import { demandSomeUsers, demandUser, demandUsers } from './shared-checks.js';

export function demandGroup(group: string, field = 'group'): void {
  demand(isGroupId(group), `${field}: 1 to 64 of A-Z a-z 0-9 _ - .`);
}

/** What a batch can break by itself; what the group has already is the group's to count. */
export function demandGroupAttributes(
  field: string,
  set: readonly { readonly key: string; readonly value: string }[],
  deleted: readonly string[],
): void {
  try {
    demandAttributes(set, deleted, groupAttributeLimits);
  } catch (thrown) {
    const { error, detail } = ParleyError.from(thrown);
    throw new ParleyError(error, `${field}: ${detail}`);
  }
}

const groupAttributeLimits = {
  attributesMax: limits.groupAttributesMax,
  keyBytesMax: limits.groupAttributeKeyBytesMax,
  valueBytesMax: limits.groupAttributeValueBytesMax,
  bytesMax: Number.POSITIVE_INFINITY,
};

/** The ids in an operation, and how many of them there are. What the operation means is the group's business. */
export function demandOperation(kind: NonNullable<GroupOperation['kind']>): void {
  switch (kind.type) {
    case 'invite':
    case 'kick':
      demandSomeUsers('users', kind.value.users, limits.groupInviteMax);
      return;
    case 'mute':
      demandUsers('users', kind.value.users, limits.groupInviteMax);
      return;
    case 'transfer':
    case 'setRole':
    case 'setNickname':
    case 'answerRequest':
      demandUser('user', kind.value.user);
      return;
    case 'changeAttributes':
      demandGroupAttributes('attributes', kind.value.set, kind.value.deleted);
      return;
    default:
  }
}
