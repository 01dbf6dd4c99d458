import { describe, expect, it } from '@jest/globals';
import type { Codec } from '@parley/kernel';
import fc from 'fast-check';
import * as wire from './index.js';
import { decodeAs, encodeAs, type Schema, type SchemaCase, withCases } from './index.js';

type AnySchema = Schema<never, unknown>;
type AnyCodec = Codec<object, object>;

const capital = (name: string): string => `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
const exported = Object.entries(wire as unknown as Record<string, unknown>);
const casesOf = (prefix: string): readonly SchemaCase[] =>
  exported
    .filter(([name, value]) => name.startsWith(prefix) && Array.isArray(value) && !name.endsWith('Schema'))
    .map(([, value]) => value as SchemaCase);

/** Every message with its schema, whole, and its codec. */
const messages = exported
  .filter(([name]) => name.endsWith('Schema'))
  .map(([name, schema]) => {
    const message = name.slice(0, -'Schema'.length);
    const isParted = ['clientFrame', 'serverFrame', 'conversationEvent'].includes(message);
    const whole = isParted ? withCases(schema as AnySchema, casesOf(message)) : (schema as AnySchema);
    return { name: capital(message), schema: whole, codec: (wire as unknown as Record<string, AnyCodec>)[capital(message)] as AnyCodec };
  });

const field = /^(\d+)(\*?)([a-z])(\d*)(.+)$/i;
const numbers = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 2 ** 31 }));

/** Values as applications make them: some fields are left out. */
function valuesOf([oneof, text, parts]: AnySchema): fc.Arbitrary<object> {
  const left = [...(parts?.() ?? [])];
  const fields: Record<string, fc.Arbitrary<unknown>> = {};
  const cases: fc.Arbitrary<unknown>[] = [fc.constant(undefined)];
  for (const line of text === '' ? [] : text.split(' ')) {
    const [, , star, letter = '', last = '', name = ''] = field.exec(line) ?? [];
    const one = oneValueOf(letter.toLowerCase(), Number(last), left);
    if (star === '*') cases.push(one.map((value) => ({ type: name, value })));
    else fields[name] = letter === letter.toLowerCase() ? one : fc.array(one, { maxLength: 3 });
  }
  if (oneof !== '') fields[oneof] = fc.oneof(...cases);
  return fc.record(fields, { requiredKeys: [] });
}

function oneValueOf(kind: string, last: number, parts: AnySchema[]): fc.Arbitrary<unknown> {
  if (kind === 'm') return valuesOf(parts.shift() as AnySchema);
  const simple: Record<string, fc.Arbitrary<unknown>> = {
    s: fc.string({ unit: 'grapheme', maxLength: 20 }),
    y: fc.uint8Array({ maxLength: 20 }),
    b: fc.boolean(),
    i: numbers,
    u: fc.oneof(numbers, fc.maxSafeNat()),
    d: fc.double(),
    e: fc.nat(last),
  };
  return simple[kind] as fc.Arbitrary<unknown>;
}

describe('schemas', () => {
  it('are there for every message that has a codec', () => {
    const codecs = exported.filter(([, value]) => typeof value === 'object' && value !== null && 'typeName' in value).map(([name]) => name);
    expect(messages.map(({ name }) => name).sort()).toEqual(codecs.sort());
  });

  it.each(messages)('read and write $name as its codec does', ({ schema, codec }) => {
    fc.assert(
      fc.property(valuesOf(schema), (value) => {
        const whole = codec.create(value);
        expect(codec.decode(encodeAs(schema, value as never))).toEqual(whole);
        expect(decodeAs(schema, codec.encode(value))).toEqual(whole);
      }),
      { numRuns: 20 },
    );
  });

  it('skip what they do not have, and tell it', () => {
    const some = withCases(wire.conversationEventSchema, [wire.conversationEventContent]);
    const bytes = wire.encodeConversationEvent({ conversation: 'g:team', seq: 7, body: { type: 'pin', value: { seq: 3 } } });
    const unknown: number[] = [];
    expect(decodeAs(some, bytes, (number) => unknown.push(number))).toMatchObject({ conversation: 'g:team', seq: 7, body: undefined });
    expect(unknown).toEqual([20]);
  });

  it('refuse to write a case that they do not have', () => {
    const some = withCases(wire.clientFrameSchema, [wire.clientFramePing]);
    expect(() => encodeAs(some, { id: 1, body: { type: 'readAll', value: {} } })).toThrow('no case readAll');
  });

  it('refuse bytes that are no message', () => {
    expect(() => decodeAs(wire.textSchema, Uint8Array.of(0x0a, 5, 65))).toThrow(/ProtobufError|truncated|end/i);
  });
});
