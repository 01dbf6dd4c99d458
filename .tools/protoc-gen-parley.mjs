#!/usr/bin/env node
// A protoc plugin that writes plain TypeScript: an interface per message and straight-line encode and
// decode functions over the reader and writer of @parley/kernel. Two choices make it ours: 64-bit
// integers are numbers (below 2^53), and a field whose type is listed in `opaque` stays encoded, so
// that a message body passes through every service without being touched.
import { createEcmaScriptPlugin, getComments, runNodeJs } from '@bufbuild/protoplugin';
import { ScalarType } from '@bufbuild/protobuf';

/** These stay encoded; an empty one counts as absent. */
const opaque = new Set(['parley.event.v1.Content', 'parley.event.v1.ConversationEvent']);

/** Of these, clients need not know all cases: their schemas come in parts. */
const parted = new Set(['parley.edge.v1.ClientFrame', 'parley.edge.v1.ServerFrame', 'parley.event.v1.ConversationEvent']);

/** Of the events, what clients see. */
const wireEvents = new Set(
  ['act', 'content', 'conversation', 'message_details', 'people', 'room_details', 'summary'].map((name) => `parley/event/v1/${name}`),
);

/** What the SDK needs goes to `wire`; the rest to `contracts`. */
const packageOf = (file) => (file.proto.package === 'parley.edge.v1' || wireEvents.has(file.name) ? 'wire' : 'contracts');
const outputPath = (file) => `packages/${packageOf(file)}/src/gen/${moduleName(file)}.ts`;
const moduleName = (file) => file.name.split('/').slice(1).join('-').replace('-v1-', '-').replaceAll('_', '-');

const scalars = {
  [ScalarType.STRING]: { ts: 'string', zero: "''", tag: 2, call: 'String', isSet: (v) => `${v} !== ''` },
  [ScalarType.BYTES]: { ts: 'Uint8Array', zero: 'emptyBytes', tag: 2, call: 'Bytes', isSet: (v) => `${v}.length > 0` },
  [ScalarType.BOOL]: { ts: 'boolean', zero: 'false', tag: 0, call: 'Bool', isSet: (v) => v },
  [ScalarType.UINT32]: { ts: 'number', zero: '0', tag: 0, call: 'Uint32', isSet: (v) => `${v} !== 0` },
  [ScalarType.UINT64]: { ts: 'number', zero: '0', tag: 0, call: 'Uint64', isSet: (v) => `${v} !== 0` },
  [ScalarType.DOUBLE]: { ts: 'number', zero: '0', tag: 1, call: 'Double', isSet: (v) => `!Object.is(${v}, 0)` },
};
const bytes = scalars[ScalarType.BYTES];

const docOf = (comments, indent = '') => {
  const text = (comments.leading ?? '').trim();
  if (!text) return [];
  const lines = text.split('\n').map((line) => line.trim());
  return lines.length === 1
    ? [`${indent}/** ${lines[0]} */`]
    : [`${indent}/**`, ...lines.map((line) => `${indent} * ${line}`.trimEnd()), `${indent} */`];
};

/** How one field's value is typed, written and read, whatever its position. */
function codecOf(field, p) {
  const kind = field.fieldKind === 'list' ? field.listKind : field.fieldKind;
  if (kind === 'scalar') {
    const scalar = scalars[field.scalar];
    if (!scalar) throw new Error(`${field}: scalar type ${field.scalar} is not supported`);
    return {
      ...scalar,
      init: scalar.ts,
      write: (v) => `writer.write${scalar.call}(${v})`,
      read: `reader.read${scalar.call}()`,
      create: (v) => v,
    };
  }
  if (kind === 'enum') {
    const name = p.type(field.enum);
    const last = field.enum.values.at(-1).number;
    return {
      ts: name,
      init: name,
      zero: '0',
      tag: 0,
      isSet: (v) => `${v} !== 0`,
      write: (v) => `writer.writeUint32(${v})`,
      read: `reader.readEnum(${last}) as ${name}`,
      create: (v) => v,
    };
  }
  if (opaque.has(field.message.typeName)) {
    return {
      ...bytes,
      init: 'Uint8Array',
      isMessage: true,
      isOpaque: true,
      write: (v) => `writer.writeBytes(${v})`,
      read: 'reader.readBytes()',
      create: (v) => v,
    };
  }
  return {
    ts: p.type(field.message),
    init: p.init(field.message),
    zero: 'undefined',
    tag: 2,
    isMessage: true,
    isSet: (v) => `${v} !== undefined`,
    write: (v) => `const at = writer.fork(); ${p.fn('write', field.message)}(writer, ${v}); writer.join(at)`,
    read: `${p.fn('read', field.message)}(reader, reader.enter())`,
    create: (v) => `${p.fn('create', field.message)}(${v})`,
  };
}

/** Gathers a file's lines, and what they import from where. */
function createPrinter(file) {
  const imports = new Map();
  const lines = [];
  const use = (symbol, desc, isType) => {
    if (desc.file === file) return symbol;
    const from = packageOf(desc.file) === packageOf(file) ? `./${moduleName(desc.file)}.js` : '@parley/wire';
    imports.set(from, (imports.get(from) ?? new Set()).add(isType ? `type ${symbol}` : symbol));
    return symbol;
  };
  return {
    print: (...added) => lines.push(...added),
    type: (desc) => use(desc.name, desc, true),
    init: (desc) => use(`${desc.name}Init`, desc, true),
    schema: (desc) => use(`${desc.name[0].toLowerCase()}${desc.name.slice(1)}Schema`, desc, false),
    fn: (verb, desc) => use(`${verb}${desc.name}`, desc, false),
    text() {
      const body = lines.join('\n');
      const used = runtime.filter((symbol) => new RegExp(`\\b${symbol.replace('type ', '')}\\b`).test(body));
      const schema = schemaTypes.filter((symbol) => new RegExp(`\\b${symbol.replace('type ', '')}\\b`).test(body));
      const header = [...imports, ['@parley/kernel', used], ['../schema.js', schema]].filter(([, symbols]) => [...symbols].length > 0);
      const spelled = header.map(([from, symbols]) => `import { ${[...symbols].sort().join(', ')} } from '${from}';`);
      return [...spelled.sort(), '', body].join('\n');
    },
  };
}

const runtime = ['type Codec', 'type ProtobufReader', 'type ProtobufWriter', 'decodeWith', 'emptyBytes', 'encodeWith'];

const schemaTypes = ['type Schema', 'type SchemaCase'];

function printEnum(p, desc) {
  const prefix = `${desc.name.replace(/([a-z])([A-Z])/g, '$1_$2').toUpperCase()}_`;
  p.print(...docOf(getComments(desc)), `export const ${desc.name} = {`);
  for (const value of desc.values) {
    p.print(...docOf(getComments(value), '  '), `  ${value.name.replace(prefix, '')}: ${value.number},`);
  }
  p.print('} as const;', `export type ${desc.name} = (typeof ${desc.name})[keyof typeof ${desc.name}];`, '');
}

function printMessage(p, desc) {
  const members = desc.members;
  p.print(...docOf(getComments(desc)), `export interface ${desc.name} {`);
  for (const member of members) printProperty(p, member, false);
  p.print('}', `/** What ${desc.name} is made from; absent fields get their zero value. */`, `export interface ${desc.name}Init {`);
  for (const member of members) printProperty(p, member, true);
  p.print('}', '');
  printCreate(p, desc);
  printWrite(p, desc);
  printRead(p, desc);
  if (packageOf(desc.file) === 'wire') printSchema(p, desc);
  const codec = `Codec<${desc.name}Init, ${desc.name}>`;
  p.print(
    `export const encode${desc.name} = (init: ${desc.name}Init): Uint8Array => encodeWith(write${desc.name}, init);`,
    `export const decode${desc.name} = (bytes: Uint8Array): ${desc.name} => decodeWith(read${desc.name}, bytes);`,
    `export const ${desc.name}: ${codec} = {`,
    `  typeName: '${desc.typeName}', create: create${desc.name}, encode: encode${desc.name}, decode: decode${desc.name},`,
    '};',
    '',
  );
}

function printProperty(p, member, isInit) {
  const readonly = 'readonly ';
  p.print(...(isInit ? [] : docOf(getComments(member), '  ')));
  if (member.kind === 'oneof') {
    const cases = member.fields.map((field) => {
      const value = codecOf(field, p);
      return `{ readonly type: '${field.localName}'; readonly value: ${isInit ? value.init : value.ts} }`;
    });
    p.print(`  ${readonly}${member.localName}${isInit ? '?' : ''}:`, ...cases.map((c) => `    | ${c}`), '    | undefined;');
    return;
  }
  const value = codecOf(member, p);
  const type = isInit ? value.init : value.ts;
  if (member.fieldKind === 'list') {
    p.print(`  ${readonly}${member.localName}${isInit ? '?' : ''}: readonly ${type}[]${isInit ? ' | undefined' : ''};`);
  } else {
    const mayMiss = isInit || (value.isMessage && !value.isOpaque);
    p.print(`  ${readonly}${member.localName}${isInit ? '?' : ''}: ${type}${mayMiss ? ' | undefined' : ''};`);
  }
}

function printCreate(p, desc) {
  const param = desc.members.length > 0 ? 'init' : '_init';
  p.print(`export function create${desc.name}(${param}: ${desc.name}Init): ${desc.name} {`, '  return {');
  for (const member of desc.members) {
    const source = `init.${member.localName}`;
    if (member.kind === 'oneof') {
      if (member.fields.every((field) => codecOf(field, p).create('v') === 'v')) p.print(`    ${member.localName}: ${source},`);
      else
        p.print(`    ${member.localName}: create${desc.name}${member.localName[0].toUpperCase()}${member.localName.slice(1)}(${source}),`);
      continue;
    }
    const value = codecOf(member, p);
    const made = value.create('v');
    if (member.fieldKind === 'list') {
      p.print(`    ${member.localName}: ${source}${made === 'v' ? '' : `?.map(v => ${made})`} ?? [],`);
    } else if (made === 'v') p.print(`    ${member.localName}: ${source} ?? ${value.zero},`);
    else p.print(`    ${member.localName}: ${source} === undefined ? undefined : ${value.create(source)},`);
  }
  p.print('  };', '}');
  for (const oneof of desc.oneofs) {
    if (oneof.fields.every((field) => codecOf(field, p).create('v') === 'v')) continue;
    const name = `${desc.name}${oneof.localName[0].toUpperCase()}${oneof.localName.slice(1)}`;
    p.print(
      `function create${name}(init: ${desc.name}Init['${oneof.localName}']): ${desc.name}['${oneof.localName}'] {`,
      '  switch (init?.type) {',
    );
    for (const field of oneof.fields) {
      p.print(`    case '${field.localName}': return { type: '${field.localName}', value: ${codecOf(field, p).create('init.value')} };`);
    }
    p.print('    default: return undefined;', '  }', '}');
  }
  p.print('');
}

/** How the interpreter of packages/wire/src/schema.ts is told of a message: a line instead of a codec. */
function printSchema(p, desc) {
  const isCase = (field) => field.oneof !== undefined;
  const isParted = parted.has(desc.typeName);
  const heads = isParted ? desc.fields.filter((field) => !isCase(field)) : desc.fields;
  const prefix = `${desc.name[0].toLowerCase()}${desc.name.slice(1)}`;
  if (desc.oneofs.length > 1) throw new Error(`${desc.typeName}: more than one oneof`);
  const fields = `'${desc.oneofs[0]?.localName ?? ''}', '${heads.map(fieldSpec).join(' ')}'${schemaParts(p, heads)}`;
  p.print(`export const ${prefix}Schema: Schema<${desc.name}Init, ${desc.name}> = [${fields}];`);
  for (const field of isParted ? desc.fields.filter(isCase) : []) {
    const name = `${prefix}${field.localName[0].toUpperCase()}${field.localName.slice(1)}`;
    const { init, ts } = codecOf(field, p);
    p.print(`export const ${name}: SchemaCase<'${field.localName}', ${init}, ${ts}> = ['${fieldSpec(field)}'${schemaParts(p, [field])}];`);
  }
}

const kindLetters = {
  [ScalarType.STRING]: 's',
  [ScalarType.BYTES]: 'y',
  [ScalarType.BOOL]: 'b',
  [ScalarType.UINT32]: 'i',
  [ScalarType.UINT64]: 'u',
  [ScalarType.DOUBLE]: 'd',
};

/** Number, `*` for a case of the oneof, kind (a capital for lists, of an enum its last number), name. */
function fieldSpec(field) {
  const kind = field.fieldKind === 'list' ? field.listKind : field.fieldKind;
  const letter = kind === 'scalar' ? kindLetters[field.scalar] : kind === 'enum' ? 'e' : opaque.has(field.message.typeName) ? 'y' : 'm';
  const last = kind === 'enum' ? field.enum.values.at(-1).number : '';
  return `${field.number}${field.oneof ? '*' : ''}${field.fieldKind === 'list' ? letter.toUpperCase() : letter}${last}${field.localName}`;
}

/** The messages among the fields, in their order. */
function schemaParts(p, fields) {
  const messages = fields.map((field) => field.message).filter((message) => message && !opaque.has(message.typeName));
  const names = messages.map((message) => p.schema(message));
  return names.length === 0 ? '' : `, () => [${names.join(', ')}]`;
}

function printWrite(p, desc) {
  const unused = desc.fields.length === 0 ? '_' : '';
  p.print(`export function write${desc.name}(${unused}writer: ProtobufWriter, ${unused}init: ${desc.name}Init): void {`);
  for (const member of desc.members) {
    const source = `init.${member.localName}`;
    if (member.kind === 'oneof') {
      p.print(`  switch (${source}?.type) {`);
      for (const field of member.fields) {
        const value = codecOf(field, p);
        p.print(
          `    case '${field.localName}': { writer.writeTag(${(field.number << 3) | value.tag}); ${value.write(`${source}.value`)}; break; }`,
        );
      }
      p.print('    default:', '  }');
      continue;
    }
    const value = codecOf(member, p);
    const tag = `writer.writeTag(${(member.number << 3) | value.tag});`;
    if (member.fieldKind === 'list') {
      if (value.tag === 2) p.print(`  if (${source} !== undefined) for (const item of ${source}) { ${tag} ${value.write('item')}; }`);
      else {
        // Packed: numbers one behind the other under one tag.
        const packed = `writer.writeTag(${(member.number << 3) | 2}); const at = writer.fork();`;
        p.print(
          `  if (${source} !== undefined && ${source}.length > 0) { ${packed} for (const item of ${source}) ${value.write('item')}; writer.join(at); }`,
        );
      }
    } else {
      const isSet = value.isSet(source);
      const guard = isSet === `${source} !== undefined` ? isSet : `${source} !== undefined && ${isSet}`;
      p.print(`  if (${guard}) { ${tag} ${value.write(source)}; }`);
    }
  }
  p.print('}', '');
}

function printRead(p, desc) {
  p.print(`export function read${desc.name}(reader: ProtobufReader, end: number): ${desc.name} {`);
  for (const member of desc.members) {
    if (member.kind === 'oneof') {
      p.print(`  let ${member.localName}: ${desc.name}['${member.localName}'];`);
      continue;
    }
    const value = codecOf(member, p);
    if (member.fieldKind === 'list') p.print(`  const ${member.localName}: ${value.ts}[] = [];`);
    else p.print(`  let ${member.localName}: ${desc.name}['${member.localName}'] = ${value.zero};`);
  }
  p.print('  while (reader.pos < end) {', '    const tag = reader.readTag();', '    switch (tag) {');
  for (const field of desc.fields) {
    const value = codecOf(field, p);
    const target = field.oneof
      ? `${field.oneof.localName} = { type: '${field.localName}', value: ${value.read} }`
      : field.fieldKind === 'list'
        ? `${field.localName}.push(${value.read})`
        : `${field.localName} = ${value.read}`;
    p.print(`      case ${(field.number << 3) | value.tag}: ${target}; break;`);
    if (field.fieldKind === 'list' && value.tag !== 2) {
      const loop = `const last = reader.enter(); while (reader.pos < last) ${target}; reader.leave(last);`;
      p.print(`      case ${(field.number << 3) | 2}: { ${loop} break; }`);
    }
  }
  p.print('      default: reader.skip(tag);', '    }', '  }', '  reader.leave(end);');
  p.print(`  return { ${desc.members.map((member) => member.localName).join(', ')} };`, '}', '');
}

function printService(p, desc) {
  p.print(...docOf(getComments(desc)), `export const ${desc.name} = {`, `  typeName: '${desc.typeName}',`, '  methods: {');
  for (const method of desc.methods) {
    const kind = { unary: 'unary', bidi_streaming: 'bidi' }[method.methodKind];
    if (!kind) throw new Error(`${method}: ${method.methodKind} is not supported`);
    p.print(
      ...docOf(getComments(method), '    '),
      `    ${method.localName}: { name: '${method.name}', kind: '${kind}', request: ${method.input.name}, response: ${method.output.name} },`,
    );
  }
  p.print('  },', '} as const;', '');
}

await runNodeJs(
  createEcmaScriptPlugin({
    name: 'protoc-gen-parley',
    version: 'v1',
    generateTs: (schema) => {
      for (const file of schema.files) {
        const p = createPrinter(file);
        for (const desc of file.enums) printEnum(p, desc);
        for (const desc of file.messages) printMessage(p, desc);
        for (const desc of file.services) printService(p, desc);
        const output = schema.generateFile(outputPath(file));
        output.print(`// Generated by .tools/protoc-gen-parley.mjs from ${file.name}.proto. Do not edit.`);
        output.print(p.text());
      }
    },
  }),
);
