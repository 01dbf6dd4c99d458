// Part of npm run generate: docs/openapi.json, the back-end API as OpenAPI 3.1. Made from the contracts with their comments and
// from the error table, in the order of the contracts, so that the same sources give the same file.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFileRegistry, fromBinary, ScalarType } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { getComments } from '@bufbuild/protoplugin';
import { fail, root, run } from './ensure.mjs';

const { errorTable } = await import(`${root}packages/kernel/dist/index.js`);
const { apiServices } = await import(`${root}packages/runtime/dist/json-door.js`);

const registry = readContracts();
const schemas = new Map();
const paths = {};
const tags = [];
for (const [name, { typeName }] of Object.entries(apiServices)) addService(name, registry.getService(typeName));
writeFileSync(`${root}docs/openapi.json`, `${JSON.stringify(document(), null, 2)}\n`);

/** The contracts, comments included: the descriptor set that is part of the product has none. */
function readContracts() {
  const folder = mkdtempSync(join(tmpdir(), 'parley-openapi-'));
  try {
    const file = join(folder, 'contracts.binpb');
    run(`${root}node_modules/.bin/buf`, ['build', '-o', file], { cwd: `${root}proto` });
    return createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(file)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function addService(name, service) {
  tags.push({ name, description: commentOf(service) });
  for (const method of service.methods) {
    if (method.methodKind !== 'unary') continue;
    const comment = commentOf(method);
    paths[`/v1/${name}/${method.localName}`] = {
      post: {
        operationId: `${name}.${method.localName}`,
        tags: [name],
        summary: wordsOf(method.name),
        ...(comment === '' ? {} : { description: comment }),
        requestBody: { required: true, content: json(schemaRef(method.input, 'request')) },
        responses: { 200: { description: 'Done.', content: json(schemaRef(method.output, 'response')) }, ...errorRefs() },
      },
    };
  }
}

function document() {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Parley back-end API',
      version: JSON.parse(readFileSync(`${root}package.json`, 'utf8')).version,
      license: { name: 'Apache 2.0', identifier: 'Apache-2.0' },
      description: [
        'What the back end of an application may do: everything, for any app and any user. It belongs into a private network.',
        'Bodies are ProtoJSON: 64-bit numbers are strings (numbers are read too), bytes are base64, enums are named. A field that is',
        'not known is an error; one that is missing is at its zero value. Answers carry every field that has one. All calls may be',
        'repeated, messages and acts with the same clientMsgId. Examples: docs/backend-api.md.',
      ].join(' '),
    },
    servers: [{ url: 'http://127.0.0.1:7701', description: 'admin.host and admin.port of any process' }],
    security: [{ adminKey: [] }],
    tags,
    paths,
    components: {
      securitySchemes: { adminKey: { type: 'http', scheme: 'bearer', description: 'admin.key of the configuration.' } },
      responses: errorResponses(),
      schemas: { ...Object.fromEntries([...schemas].sort(byName)), Error: errorSchema() },
    },
  };
}

// Messages and their fields, as of protobuf.dev, "ProtoJSON Format".

/** A reference to the schema of a message, which is made when it is first met. `role` says what is known about its fields. */
function schemaRef(desc, role) {
  const name = nameOf(desc);
  if (!schemas.has(name)) {
    schemas.set(name, {}); // messages may hold themselves
    schemas.set(name, desc.kind === 'enum' ? enumSchema(desc) : messageSchema(desc, role));
  }
  return { $ref: `#/components/schemas/${name}` };
}

/** `parley.group.v1.GetGroupRequest` is `group.GetGroupRequest`. */
function nameOf({ typeName }) {
  return typeName.replace(/^parley\./, '').replace(/\.v\d+\./, '.');
}

function messageSchema(desc, role) {
  const properties = Object.fromEntries(desc.fields.map((field) => [field.jsonName, fieldSchema(field)]));
  // Answers carry every field that is not absent: messages and members of a oneof may be.
  const required = desc.fields.filter((field) => field.presence === 2 || field.fieldKind === 'list' || field.fieldKind === 'map');
  const oneofs = desc.oneofs.map((oneof) => `At most one of: ${oneof.fields.map(({ jsonName }) => jsonName).join(', ')}.`);
  const description = [commentOf(desc), ...oneofs].filter((text) => text !== '').join('\n\n');
  return {
    type: 'object',
    ...(description === '' ? {} : { description }),
    ...(desc.fields.length === 0 ? {} : { properties }),
    ...(role === 'response' && required.length > 0 ? { required: required.map(({ jsonName }) => jsonName) } : {}),
    ...(role === 'request' ? { additionalProperties: false } : {}),
  };
}

function fieldSchema(field) {
  const comment = commentOf(field);
  const described = comment === '' ? {} : { description: comment };
  if (field.fieldKind === 'list') return { type: 'array', ...described, items: itemSchema(field) };
  if (field.fieldKind === 'map') return { type: 'object', ...described, additionalProperties: itemSchema(field) };
  return { ...itemSchema(field), ...described };
}

function itemSchema(field) {
  if (field.message !== undefined) return schemaRef(field.message);
  if (field.enum !== undefined) return schemaRef(field.enum);
  return scalarSchema(field.scalar) ?? fail(`.tools/openapi.mjs: no schema for the type of ${field.toString()}`);
}

function scalarSchema(scalar) {
  switch (scalar) {
    case ScalarType.STRING:
      return { type: 'string' };
    case ScalarType.BOOL:
      return { type: 'boolean' };
    case ScalarType.BYTES:
      return { type: 'string', contentEncoding: 'base64' };
    case ScalarType.DOUBLE:
      return { type: 'number', format: 'double' };
    case ScalarType.UINT32:
      return { type: 'integer', format: 'uint32', minimum: 0, maximum: 4_294_967_295 };
    // Below 2^53 in Parley.
    case ScalarType.UINT64:
      return { type: 'string', format: 'uint64', pattern: '^[0-9]{1,16}$' };
    default:
      return undefined;
  }
}

function enumSchema(desc) {
  const comment = commentOf(desc);
  const values = desc.values.map((value) => [value.name, commentOf(value)]).filter(([, text]) => text !== '');
  const description = [comment, ...values.map(([name, text]) => `${name}: ${text}`)].filter((text) => text !== '').join('\n\n');
  return { type: 'string', ...(description === '' ? {} : { description }), enum: desc.values.map(({ name }) => name) };
}

// Errors: the same table that docs/errors.md is made from.

function statuses() {
  const byStatus = new Map();
  for (const [name, spec] of Object.entries(errorTable)) {
    if (spec.code >= 3_000) continue; // connections, and processes among themselves
    byStatus.set(spec.http, [...(byStatus.get(spec.http) ?? []), [name, spec]]);
  }
  return [...byStatus].sort(([a], [b]) => a - b);
}

function errorRefs() {
  return Object.fromEntries(statuses().map(([status]) => [status, { $ref: `#/components/responses/Error${status}` }]));
}

function errorResponses() {
  return Object.fromEntries(
    statuses().map(([status, specs]) => {
      const description = specs.map(([name, { message }]) => `${name}: ${message}`).join('\n\n');
      const headers = specs.some(([, { retry }]) => retry === 'after-backoff')
        ? { 'Retry-After': { description: 'Seconds to wait, where it is known.', schema: { type: 'integer' } } }
        : undefined;
      const content = json({ $ref: '#/components/schemas/Error' });
      return [`Error${status}`, { description, ...(headers === undefined ? {} : { headers }), content }];
    }),
  );
}

function errorSchema() {
  const names = statuses().flatMap(([, specs]) => specs.map(([name]) => name));
  const fields = {
    name: { type: 'string', enum: names },
    code: { type: 'integer', description: 'Never changes. 1xxx: give up; 2xxx: back off and try again.' },
    message: { type: 'string', description: 'One sentence for developers.' },
    detail: { type: 'string', description: 'Names the field and the limit, where there is one.' },
    retry: { type: 'string', enum: ['never', 'after-backoff'] },
    retryAfterMs: { type: 'integer', description: 'Milliseconds; 0: not known.' },
  };
  const error = { type: 'object', properties: fields, required: Object.keys(fields) };
  return { type: 'object', description: 'A refusal; docs/errors.md has them all.', properties: { error }, required: ['error'] };
}

function json(schema) {
  return { 'application/json': { schema } };
}

/** A comment without the ends of its lines. */
function commentOf(desc) {
  const { leading = '', trailing = '' } = getComments(desc);
  return `${leading}\n${trailing}`.replace(/\s+/g, ' ').trim();
}

/** `GetGroup` is "Get group". */
function wordsOf(name) {
  const words = name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  return words[0].toUpperCase() + words.slice(1);
}

function byName([a], [b]) {
  return a < b ? -1 : 1;
}
