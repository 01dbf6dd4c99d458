import { readFileSync } from 'node:fs';
import {
  create,
  createFileRegistry,
  type DescField,
  type DescMessage,
  fromBinary,
  type Message,
  ScalarType,
  toBinary,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from '@jest/globals';
import * as wire from '@parley/wire';
import fc from 'fast-check';
import { descriptorSetUrl } from './descriptors.js';
import * as events from './events.js';
import * as gateway from './gateway.js';
import * as group from './group.js';
import * as history from './history.js';
import * as historyRows from './history-rows.js';
import * as media from './media.js';
import * as policy from './policy.js';
import * as push from './push.js';
import * as room from './room.js';
import * as router from './router.js';
import * as user from './user.js';

const isFull = process.env['PARLEY_TEST_SOAK'] === 'full';

interface AnyCodec {
  readonly typeName: string;
  encode(message: unknown): Uint8Array;
  decode(bytes: Uint8Array): unknown;
}

const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(descriptorSetUrl)));
const isCodec = (value: unknown): value is AnyCodec =>
  typeof value === 'object' && value !== null && 'typeName' in value && 'decode' in value;
const codecs = [wire, events, gateway, group, history, historyRows, media, policy, push, room, router, user].flatMap((module) =>
  Object.values(module).filter(isCodec),
);

/** Where fields of these types are empty they count as absent. */
const staysEncoded: ReadonlySet<string> = new Set(['parley.event.v1.Content', 'parley.event.v1.ConversationEvent']);

/** Any value of a field that the other implementation takes. */
function anyValue(field: DescField, depth: number): fc.Arbitrary<unknown> {
  if (field.fieldKind === 'list') return fc.array(singleOf(field, depth), { maxLength: 3 });
  return singleOf(field, depth);
}

function singleOf(field: DescField, depth: number): fc.Arbitrary<unknown> {
  const message = field.message;
  if (message !== undefined) {
    if (!staysEncoded.has(message.typeName)) return messageOf(message, depth + 1);
    // Contents hold contents: what lies deep is as small as it may be.
    if (depth > 2) return fc.constant(smallest(message));
    return messageOf(message, depth + 1).filter((value) => toBinary(message, value).length > 0);
  }
  if (field.enum !== undefined) return fc.constantFrom(...field.enum.values.map((value) => value.number));
  switch (field.scalar) {
    case ScalarType.STRING:
      return fc.string({ unit: 'grapheme' });
    case ScalarType.BYTES:
      return fc.uint8Array({ maxLength: 40 });
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.DOUBLE:
      return fc.double({ noNaN: true });
    case ScalarType.UINT64:
      return fc.maxSafeNat().map(BigInt);
    default:
      return fc.nat();
  }
}

/** One string field, and nothing else. */
function smallest(desc: DescMessage): Message {
  const field = desc.fields.find(({ fieldKind, scalar }) => fieldKind === 'scalar' && scalar === ScalarType.STRING);
  if (field === undefined) throw new Error(`${desc.typeName} has no string`);
  return create(desc, { [field.localName]: 'x' });
}

const arbitraries = new Map<string, fc.Arbitrary<Message>>();

/** The same arbitrary for every place of a message at one depth: there are many. */
function messageOf(desc: DescMessage, depth = 0): fc.Arbitrary<Message> {
  const key = `${desc.typeName}@${depth}`;
  const known = arbitraries.get(key);
  if (known !== undefined) return known;
  const made = makeMessageOf(desc, depth);
  arbitraries.set(key, made);
  return made;
}

function makeMessageOf(desc: DescMessage, depth: number): fc.Arbitrary<Message> {
  if (depth > 3) return fc.constant(create(desc));
  const members = desc.members.map((member): fc.Arbitrary<[string, unknown]> => {
    if (member.kind !== 'oneof') return fc.option(anyValue(member, depth), { nil: undefined }).map((value) => [member.localName, value]);
    const cases = member.fields.map((field) => anyValue(field, depth).map((value) => ({ case: field.localName, value })));
    return fc.option(fc.oneof(...cases), { nil: undefined }).map((value) => [member.localName, value]);
  });
  return fc.tuple(...members).map((entries) => create(desc, Object.fromEntries(entries.filter(([, value]) => value !== undefined))));
}

describe('generated codecs', () => {
  it('are there for every message of the contracts', () => {
    const described = [...registry].filter((desc) => desc.kind === 'message').map((desc) => desc.typeName);
    expect(new Set(codecs.map((codec) => codec.typeName))).toEqual(new Set(described));
  });

  it.each(codecs.map((codec) => [codec.typeName, codec] as const))('agree with protobuf-es about %s', (typeName, codec) => {
    const desc = registry.getMessage(typeName);
    if (desc === undefined) throw new Error(`${typeName} is not described`);
    fc.assert(
      fc.property(messageOf(desc), (message) => {
        const theirs = toBinary(desc, message);
        const ours = codec.encode(codec.decode(theirs));
        expect(fromBinary(desc, ours)).toEqual(fromBinary(desc, theirs));
      }),
      { numRuns: isFull ? 300 : 12 },
    );
  });
});
