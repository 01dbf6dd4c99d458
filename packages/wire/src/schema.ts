import { decodeWith, emptyBytes, encodeWith, type ProtobufReader, type ProtobufWriter } from '@parley/kernel';

declare const shape: unique symbol;

/**
 * A message as data: name of its oneof, its fields, and the messages among them, in their order. A field is number, `*`
 * for a case of the oneof, kind (s string, y bytes, b bool, i uint32, u uint64, d double, e enum with its last number,
 * m message; a capital for a list), name. Takes a fraction of the room of a codec and several times as long: for clients.
 */
export type Schema<Init = never, Value = unknown> = readonly [oneof: string, fields: string, parts?: () => readonly Schema[]] & {
  readonly [shape]?: (init: Init) => Value;
};

/** One case of a oneof, for schemas that are put together of those that a client knows. */
export type SchemaCase<Type extends string = string, Init = never, Value = unknown> = readonly [
  field: string,
  parts?: () => readonly Schema[],
] & { readonly [shape]?: { readonly type: Type; from(init: Init): Value } };

/** A message whose oneof has these cases; others are unknown to it. */
export function withCases<Init, Value>(schema: Schema<Init, Value>, cases: readonly SchemaCase[]): Schema<Init, Value> {
  const [oneof, fields, parts] = schema;
  const all = [fields, ...cases.map(([field]) => field)].join(' ');
  return [oneof, all, () => cases.reduce<readonly Schema[]>((known, [, of]) => known.concat(of?.() ?? []), parts?.() ?? [])];
}

/** Encodes a message; fields that are absent or zero take no room. Throws for a case that the schema does not have. */
export const encodeAs = <Init, Value>(schema: Schema<Init, Value>, init: Init): Uint8Array =>
  encodeWith((writer, value) => write(planOf(schema), writer, value as Fields), init);

/**
 * Decodes a message; absent fields have their zero value. `unknown` hears the numbers of top-level fields that the schema
 * does not have. Throws ProtobufError when the bytes are none.
 */
export const decodeAs = <Init, Value>(schema: Schema<Init, Value>, bytes: Uint8Array, unknown?: (field: number) => void): Value =>
  decodeWith((reader, end) => read(planOf(schema), reader, end, unknown), bytes) as Value;

type Fields = { [name: string]: unknown };
type Chosen = { readonly type: string; readonly value: unknown } | undefined;

interface Field {
  readonly name: string;
  readonly kind: string;
  readonly tag: number;
  readonly isCase: boolean;
  readonly isList: boolean;
  /** Numbers may stand one behind the other under one tag. */
  readonly packedTag: number;
  /** Of an enum: values of a newer schema count as 0. */
  readonly last: number;
  readonly part: Schema | undefined;
}

interface Plan {
  readonly oneof: string;
  readonly fields: readonly Field[];
  readonly byTag: ReadonlyMap<number, Field>;
}

const plans = new WeakMap<Schema, Plan>();
const spec = /^(\d+)(\*?)([a-z])(\d*)(.+)$/i;
const wireTypes: { readonly [kind: string]: number } = { s: 2, y: 2, m: 2, d: 1 };
const zeros: { readonly [kind: string]: unknown } = { s: '', y: emptyBytes, b: false, m: undefined };

function planOf(schema: Schema): Plan {
  const known = plans.get(schema);
  if (known !== undefined) return known;
  const [oneof, text, of] = schema;
  const parts = [...(of?.() ?? [])];
  const fields = text === '' ? [] : text.split(' ').map((line) => fieldOf(line, parts));
  const byTag = new Map<number, Field>();
  for (const field of fields) byTag.set(field.tag, field).set(field.packedTag, field);
  const plan = { oneof, fields, byTag };
  plans.set(schema, plan);
  return plan;
}

function fieldOf(line: string, parts: Schema[]): Field {
  const [, number = '', star, letter = '', last = '', name = ''] = spec.exec(line) ?? [];
  const kind = letter.toLowerCase();
  const isList = letter !== kind;
  const tag = (Number(number) << 3) | (wireTypes[kind] ?? 0);
  const packedTag = isList ? (Number(number) << 3) | 2 : tag;
  return { name, kind, tag, packedTag, isList, isCase: star !== '', last: Number(last), part: kind === 'm' ? parts.shift() : undefined };
}

function read({ oneof, fields, byTag }: Plan, reader: ProtobufReader, end: number, unknown?: (field: number) => void): Fields {
  const value: Fields = {};
  for (const { name, kind, isCase, isList } of fields) if (!isCase) value[name] = isList ? [] : kind in zeros ? zeros[kind] : 0;
  if (oneof !== '') value[oneof] = undefined;
  while (reader.pos < end) {
    const tag = reader.readTag();
    const field = byTag.get(tag);
    if (field === undefined) {
      reader.skip(tag);
      unknown?.(tag >>> 3);
    } else if (field.isCase) value[oneof] = { type: field.name, value: readOne(field, reader) };
    else if (field.isList) readList(field, tag, reader, value[field.name] as unknown[]);
    else value[field.name] = readOne(field, reader);
  }
  reader.leave(end);
  return value;
}

function readList(field: Field, tag: number, reader: ProtobufReader, list: unknown[]): void {
  if (tag === field.tag) {
    list.push(readOne(field, reader));
    return;
  }
  const last = reader.enter();
  while (reader.pos < last) list.push(readOne(field, reader));
  reader.leave(last);
}

function readOne({ kind, last, part }: Field, reader: ProtobufReader): unknown {
  switch (kind) {
    case 's':
      return reader.readString();
    case 'y':
      return reader.readBytes();
    case 'b':
      return reader.readBool();
    case 'i':
      return reader.readUint32();
    case 'u':
      return reader.readUint64();
    case 'd':
      return reader.readDouble();
    case 'e':
      return reader.readEnum(last);
    default:
      return read(planOf(part as Schema), reader, reader.enter());
  }
}

function write({ oneof, fields }: Plan, writer: ProtobufWriter, init: Fields): void {
  const chosen = init[oneof] as Chosen;
  let isWritten = chosen === undefined;
  for (const field of fields) {
    if (field.isCase) {
      if (chosen?.type !== field.name) continue;
      isWritten = true;
      writer.writeTag(field.tag);
      writeOne(field, writer, chosen.value);
    } else if (field.isList) writeList(field, writer, (init[field.name] ?? []) as readonly unknown[]);
    else if (isSet(init[field.name])) {
      writer.writeTag(field.tag);
      writeOne(field, writer, init[field.name]);
    }
  }
  if (!isWritten) throw new Error(`no case ${chosen?.type ?? ''}`);
}

function isSet(value: unknown): boolean {
  if (value === undefined || value === '' || value === false) return false;
  return value instanceof Uint8Array ? value.length > 0 : !Object.is(value, 0);
}

function writeList(field: Field, writer: ProtobufWriter, items: readonly unknown[]): void {
  if (field.tag !== field.packedTag && items.length > 0) {
    writer.writeTag(field.packedTag);
    const at = writer.fork();
    for (const item of items) writeOne(field, writer, item);
    writer.join(at);
    return;
  }
  for (const item of items) {
    writer.writeTag(field.tag);
    writeOne(field, writer, item);
  }
}

function writeOne({ kind, part }: Field, writer: ProtobufWriter, value: unknown): void {
  switch (kind) {
    case 's':
      writer.writeString(value as string);
      break;
    case 'y':
      writer.writeBytes(value as Uint8Array);
      break;
    case 'b':
      writer.writeBool(value as boolean);
      break;
    case 'u':
      writer.writeUint64(value as number);
      break;
    case 'd':
      writer.writeDouble(value as number);
      break;
    case 'm': {
      const at = writer.fork();
      write(planOf(part as Schema), writer, value as Fields);
      writer.join(at);
      break;
    }
    default:
      writer.writeUint32(value as number);
  }
}
