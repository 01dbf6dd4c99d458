import fc from 'fast-check';
import type { OpenApi, Operation, Schema } from './open-api.js';

/** A call with a body that may be anything. */
export interface RandomCall {
  /** `<service>/<method>`. */
  readonly method: string;
  readonly body: unknown;
}

type Json = Readonly<Record<string, unknown>>;

/** Ids that exist, ids that do not, and what is no id. */
const texts = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('app-one', 'app-two', 'fuzz-a', 'fuzz-b', 'fuzz', 'u:fuzz-a|fuzz-b', 'g:fuzz', 'r:fuzz', '') },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 80 }) },
  { weight: 1, arbitrary: fc.constantFrom('\0', '\ud800', '../..', '__proto__', 'x'.repeat(3_000), '1e9', 'NaN', 'MTphYmM') },
);
const counts = fc.oneof(
  { weight: 8, arbitrary: fc.nat({ max: 3 }) },
  { weight: 2, arbitrary: fc.nat({ max: 120 }) },
  { weight: 1, arbitrary: fc.constantFrom(-1, 0.5, 2 ** 32, '9007199254740993', '1', '-0', 'x', 1e300) },
);
/** 64-bit numbers, as texts and as numbers. */
const longs = fc.oneof(
  { weight: 8, arbitrary: fc.nat({ max: 9 }).map(String) },
  { weight: 2, arbitrary: counts },
  { weight: 1, arbitrary: fc.constantFrom('9007199254740991', '9007199254740992', '18446744073709551615', '-1', '1.5', '0x10', '00', '') },
);
/** Asks to wait for something: seconds, as long as nobody writes there. */
const waits = fc.oneof({ weight: 300, arbitrary: fc.constantFrom(0, '0', -1, 'x') }, { weight: 1, arbitrary: fc.constant('3') });
const anything = fc.jsonValue({ maxDepth: 3 });
const depthMax = 4;

/** Calls of the operations: proper ones with a few fields changed, ones made from their schemas, and wild ones. */
export function randomCall(api: OpenApi, operations: readonly Operation[], proper: ReadonlyMap<string, Json>): fc.Arbitrary<RandomCall> {
  const calls = operations.map(({ method, request }) => {
    const made = shapeOf(api, request).map((body) => ({ method, body }));
    const base = proper.get(method);
    return base === undefined
      ? made
      : fc.oneof({ weight: 1, arbitrary: made }, { weight: 2, arbitrary: changed(api, request, { method, base }) });
  });
  const wild = fc.record({ method: fc.constantFrom(...operations.map(({ method }) => method)), body: anything });
  return fc.oneof({ weight: 12, arbitrary: fc.oneof(...calls) }, { weight: 1, arbitrary: wild });
}

/** A proper request but for one or two of its fields, which may be anything that their schemas say, missing, or wrong. */
function changed(
  api: OpenApi,
  request: Schema,
  { method, base }: { readonly method: string; readonly base: Json },
): fc.Arbitrary<RandomCall> {
  const names = Object.keys(api.resolve(request).properties ?? {});
  if (names.length === 0) return fc.constant({ method, body: base });
  const change = fc.constantFrom(...names).chain((name) =>
    fc.record({
      name: fc.oneof({ weight: 30, arbitrary: fc.constant(name) }, { weight: 1, arbitrary: fc.string({ maxLength: 10 }) }),
      value: fc.option(propertyOf(api, request, name), { nil: undefined, freq: 8 }),
    }),
  );
  return fc.array(change, { maxLength: 2 }).map((changes) => {
    const fields = changes.map(({ name, value }) => [name, value] as const);
    return { method, body: { ...base, ...Object.fromEntries(fields) } };
  });
}

function propertyOf(api: OpenApi, schema: Schema, name: string, depth = depthMax): fc.Arbitrary<unknown> {
  const property = api.resolve(schema).properties?.[name] ?? {};
  const fitting = name.startsWith('atLeast') ? waits : shapeOf(api, property, depth);
  return fc.oneof({ weight: 30, arbitrary: fitting }, { weight: 1, arbitrary: anything });
}

/** What the schema describes, mostly: any field of an object may be missing. */
function shapeOf(api: OpenApi, schema: Schema, depth = depthMax): fc.Arbitrary<unknown> {
  const { type, properties = {}, items = {}, enum: names, format, contentEncoding } = api.resolve(schema);
  switch (type) {
    case 'object':
      return objectOf(api, schema, depth === 0 ? [] : Object.keys(properties), depth);
    case 'array':
      return fc.array(shapeOf(api, items, depth), { maxLength: 6 });
    case 'boolean':
      return fc.boolean();
    case 'integer':
    case 'number':
      return counts;
    default:
      if (names !== undefined) return fc.oneof(fc.constantFrom(...names), fc.nat({ max: 9 }), fc.constant('NOTHING'));
      if (contentEncoding !== undefined) return fc.base64String({ maxLength: 40 });
      return format === 'uint64' ? longs : texts;
  }
}

function objectOf(api: OpenApi, schema: Schema, names: readonly string[], depth: number): fc.Arbitrary<unknown> {
  const fields = Object.fromEntries(names.map((name) => [name, propertyOf(api, schema, name, depth - 1)]));
  return fc.record(fields, { requiredKeys: [] });
}
