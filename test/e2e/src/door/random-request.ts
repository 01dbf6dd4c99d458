import type { DescField, DescMessage } from '@bufbuild/protobuf';
import fc from 'fast-check';

/** A call with a body that may be anything. */
export interface RandomCall {
  /** `<service>/<method>`. */
  readonly method: string;
  readonly body: unknown;
}

/** Ids that exist, ids that do not, and what is no id. */
const texts = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('app-one', 'app-two', 'fuzz-a', 'fuzz-b', 'fuzz', 'u:fuzz-a|fuzz-b', 'g:fuzz', 'r:fuzz', '') },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 80 }) },
  { weight: 1, arbitrary: fc.constantFrom('\0', '\ud800', '../..', '__proto__', 'x'.repeat(3_000), '1e9', 'NaN', 'MTphYmM') },
);
const numbers = fc.oneof(
  { weight: 8, arbitrary: fc.nat({ max: 3 }) },
  { weight: 2, arbitrary: fc.nat({ max: 120 }) },
  { weight: 1, arbitrary: fc.constantFrom(-1, 0.5, 2 ** 32, '9007199254740993', '1', '-0', 'x', 1e300) },
);
const anything = fc.jsonValue({ maxDepth: 3 });

/** What may stand in a field: mostly what belongs there. */
function fieldOf(field: DescField, depth: number): fc.Arbitrary<unknown> {
  const item = itemOf(field, depth);
  const fitting = field.fieldKind === 'list' ? fc.array(item, { maxLength: 6 }) : item;
  return fc.oneof({ weight: 30, arbitrary: fitting }, { weight: 1, arbitrary: anything });
}

function itemOf(field: DescField, depth: number): fc.Arbitrary<unknown> {
  if (field.message !== undefined) return depth === 0 ? fc.constant({}) : messageOf(field.message, depth - 1);
  if (field.enum !== undefined) {
    return fc.oneof(fc.constantFrom(...field.enum.values.map(({ name }) => name)), fc.nat({ max: 9 }), fc.constant('NOTHING'));
  }
  // protobuf's numbers of the types bool, string and bytes.
  // Numbers that ask to wait for something: seconds, as long as nobody writes there.
  if (field.name.startsWith('at_least'))
    return fc.oneof({ weight: 300, arbitrary: fc.constantFrom(0, '0', -1, 'x') }, { weight: 1, arbitrary: fc.constant(3) });
  const type = 'scalar' in field ? field.scalar : undefined;
  if (type === 8) return fc.boolean();
  if (type === 9) return texts;
  return type === 12 ? fc.base64String({ maxLength: 40 }) : numbers;
}

/** A JSON object for the message: any of its fields may be missing or wrong. */
function messageOf(message: DescMessage, depth = 4): fc.Arbitrary<unknown> {
  const fields = Object.fromEntries(message.fields.map((field) => [field.jsonName, fieldOf(field, depth)]));
  return fc.record(fields, { requiredKeys: [] });
}

/** A call of one of the methods; `requests` are their messages. */
export function randomCall(requests: ReadonlyMap<string, DescMessage>): fc.Arbitrary<RandomCall> {
  const proper = [...requests].map(([method, message]) => messageOf(message).map((body) => ({ method, body })));
  const wild = fc.record({ method: fc.constantFrom(...requests.keys()), body: anything });
  return fc.oneof({ weight: 12, arbitrary: fc.oneof(...proper) }, { weight: 1, arbitrary: wild });
}
