import { limits, ok, type Refusal, refusal, refused } from '@parley/kernel';
import { type MemberAttribute, type MemberAttributesChanged, RoomRole } from '@parley/wire';
import type { OpenRoom } from '../room.js';
import type { RoomCommandOf } from '../room-command.js';
import { refusalOfBatch } from './attribute-batch.js';
import { noChange, type RoomDecision, type RoomFold, roomNotFound } from './draft.js';
import { refusalOfOperator, refusalOfRank, roleOf } from './roles.js';

const bounds = { keyBytesMax: limits.memberAttributeKeyBytesMax, valueBytesMax: limits.memberAttributeValueBytesMax };

/** Changes attributes of a member: the member itself, or whoever moderates it. */
export function decideChangeMemberAttributes(room: OpenRoom, command: RoomCommandOf<'changeMemberAttributes'>): RoomDecision {
  const { operator, user } = command;
  const wrong = refusalOfEditor(room, operator, user) ?? refusalOfBatch(command, bounds);
  if (wrong !== undefined) return refused(wrong);
  const known = room.memberAttributes.get(user);
  const values = new Map(known?.attributes.map(({ key, value }) => [key, value]));
  const changed: MemberAttributesChanged = {
    user,
    version: (known?.version ?? 0) + 1,
    set: command.set.filter(({ key, value }) => values.get(key) !== value),
    deleted: command.deleted.filter((key) => values.has(key)),
    operator: operator === user ? '' : operator,
  };
  if (changed.set.length + changed.deleted.length === 0) return noChange;
  if (attributesAfter(known?.attributes, changed).length > limits.memberAttributesMax) {
    return refused(refusal('ATTRIBUTE_LIMIT_REACHED', `at most ${limits.memberAttributesMax} attributes`));
  }
  return ok([{ operator, change: { type: 'memberAttributes', value: changed } }]);
}

export function foldMemberAttributes(room: OpenRoom, changed: MemberAttributesChanged): RoomFold {
  const { user, version } = changed;
  const attributes = attributesAfter(room.memberAttributes.get(user)?.attributes, changed);
  // Kept when it is empty: the version counts on while the member stays.
  return { memberAttributes: room.memberAttributes.with(user, { user, version, attributes }) };
}

function refusalOfEditor(room: OpenRoom, operator: string, user: string): Refusal | undefined {
  if (operator === user) return refusalOfOperator(room, operator, RoomRole.MEMBER);
  const denied = refusalOfOperator(room, operator, RoomRole.MODERATOR);
  if (denied !== undefined) return denied;
  return room.members.has(user) ? refusalOfRank(room, operator, roleOf(room, user)) : { ...roomNotFound, detail: 'user: not in the room' };
}

function attributesAfter(known: readonly MemberAttribute[] = [], { set, deleted }: MemberAttributesChanged): readonly MemberAttribute[] {
  const after = new Map(known.map((attribute) => [attribute.key, attribute]));
  for (const key of deleted) after.delete(key);
  for (const attribute of set) after.set(attribute.key, attribute);
  return [...after.values()];
}
