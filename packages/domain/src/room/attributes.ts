import { limits, ok, type Refusal, refusal, refused } from '@parley/kernel';
import { type AttributesChanged, type RoomAttribute, RoomRole } from '@parley/wire';
import type { OpenRoom } from '../room.js';
import type { RoomCommandOf } from '../room-command.js';
import { refusalOfBatch, refusalOfSet } from './attribute-batch.js';
import { noChange, type RoomDecision, type RoomFold } from './draft.js';
import { refusalOfOperator } from './roles.js';

type Attributes = OpenRoom['attributes'];

const bounds = { keyBytesMax: limits.roomAttributeKeyBytesMax, valueBytesMax: limits.roomAttributeValueBytesMax };

/** Carries a batch out as one event or refuses it. Keys of others take force; the back end does not need it. */
export function decideChangeAttributes(room: OpenRoom, command: RoomCommandOf<'changeAttributes'>): RoomDecision {
  const { operator, ifVersion } = command;
  const wrong = refusalOfOperator(room, operator, RoomRole.MEMBER) ?? refusalOfBatch(command, bounds);
  if (wrong !== undefined) return refused(wrong);
  if (ifVersion !== 0 && ifVersion !== room.stateVersion)
    return refused(refusal('VERSION_CONFLICT', `state_version: ${room.stateVersion}`));
  const foreign = command.force || operator === '' ? undefined : foreignKey(room, command);
  if (foreign !== undefined) return refused(refusal('ATTRIBUTE_OWNED', `key: ${foreign}`));
  const changed = changesOf(room.attributes, command);
  if (changed.set.length + changed.deleted.length === 0) return noChange;
  const tooMany = refusalOfSize(attributesAfter(room.attributes, changed));
  if (tooMany !== undefined) return refused(tooMany);
  return ok([{ operator, change: { type: 'attributes', value: changed } }]);
}

/** What is wrong with the attributes that a room is to start with. */
export function refusalOfFirstAttributes(attributes: readonly RoomAttribute[]): Refusal | undefined {
  return refusalOfSet(attributes, bounds) ?? refusalOfSize(new Map(attributes.map((attribute) => [attribute.key, attribute])));
}

export const foldAttributes = (room: OpenRoom, changed: AttributesChanged): RoomFold => ({
  attributes: attributesAfter(room.attributes, changed),
});

/** A key of the batch that belongs to somebody else. */
function foreignKey({ attributes }: OpenRoom, { operator, set, deleted }: RoomCommandOf<'changeAttributes'>): string | undefined {
  return [...set.map(({ key }) => key), ...deleted].find((key) => (attributes.get(key)?.owner ?? operator) !== operator);
}

/** The batch without what is so already. */
function changesOf(attributes: Attributes, command: RoomCommandOf<'changeAttributes'>): AttributesChanged {
  const { operator, updateOwner, deleteOnLeave: isDeletedOnLeave } = command;
  const set = command.set
    .map(({ key, value }): RoomAttribute => {
      const owner = updateOwner ? operator : (attributes.get(key)?.owner ?? operator);
      return { key, value, owner, isDeletedOnLeave };
    })
    .filter((attribute) => !isSame(attribute, attributes.get(attribute.key)));
  return { set, deleted: command.deleted.filter((key) => attributes.has(key)) };
}

function isSame(a: RoomAttribute, b: RoomAttribute | undefined): boolean {
  return a.value === b?.value && a.owner === b.owner && a.isDeletedOnLeave === b.isDeletedOnLeave;
}

function attributesAfter(attributes: Attributes, { set, deleted }: AttributesChanged): Attributes {
  const after = new Map(attributes);
  for (const key of deleted) after.delete(key);
  for (const attribute of set) after.set(attribute.key, attribute);
  return after;
}

function refusalOfSize(attributes: Attributes): Refusal | undefined {
  const { roomAttributesMax, roomAttributesBytesMax } = limits;
  if (attributes.size > roomAttributesMax) return refusal('ATTRIBUTE_LIMIT_REACHED', `at most ${roomAttributesMax} attributes`);
  let bytes = 0;
  for (const { key, value } of attributes.values()) bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  if (bytes <= roomAttributesBytesMax) return undefined;
  return refusal('ATTRIBUTE_LIMIT_REACHED', `at most ${roomAttributesBytesMax} bytes of keys and values`);
}
