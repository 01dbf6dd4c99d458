// Makes the test vectors from cases.mjs. The encoder is protobuf-es working from the contracts themselves, so the
// vectors share no code with the codec that they test.
//
//   node test/vectors/generate.mjs           writes the files
//   node test/vectors/generate.mjs --check   fails when they differ from what is committed
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createFileRegistry, fromBinary, fromJson, toBinary, toJson } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { conversations, exchanges, invalidFrames, odd, valid } from './cases.mjs';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

/** The compiled contracts, as `npm run generate` writes them. */
function loadRegistry() {
  const bytes = readFileSync(at('../../packages/contracts/gen/parley.binpb'));
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes));
}

const registry = loadRegistry();
const hexOf = (bytes) => Buffer.from(bytes).toString('hex');

function messageOf(typeName) {
  const found = registry.getMessage(typeName);
  if (found === undefined) throw new Error(`no message ${typeName}`);
  return found;
}

/** Canonical bytes and the normal JSON form of a message. */
function encode(typeName, json) {
  const schema = messageOf(typeName);
  const message = fromJson(schema, json, { registry });
  return { hex: hexOf(toBinary(schema, message)), json: toJson(schema, message, { registry }) };
}

function makeValid({ name, type, json }) {
  return { name, type, ...encode(type, json) };
}

/** Bytes that a decoder must accept although no encoder of ours makes them. */
function makeOdd({ name, type, hex, json }) {
  const expected = encode(type, json);
  const decoded = toJson(messageOf(type), fromBinary(messageOf(type), Buffer.from(hex, 'hex')), { registry });
  if (JSON.stringify(decoded) !== JSON.stringify(expected.json)) {
    throw new Error(`${name}: ${JSON.stringify(decoded)} instead of ${JSON.stringify(expected.json)}`);
  }
  return { name, type, hex, json: expected.json, canonicalHex: expected.hex };
}

const files = {
  'valid.json': valid.map(makeValid),
  'odd.json': odd.map(makeOdd),
  'invalid.json': invalidFrames,
  'conversations.json': conversations,
  'exchanges.json': exchanges.map(({ name, send, ...rest }) => ({
    name,
    send: send.map((step) => (typeof step === 'string' ? { hex: step } : encode('parley.edge.v1.ClientFrames', step))),
    ...rest,
  })),
};

let isStale = false;
for (const [name, content] of Object.entries(files)) {
  const text = `${JSON.stringify(content, null, 2)}\n`;
  const path = at(`./${name}`);
  if (!process.argv.includes('--check')) writeFileSync(path, text);
  else if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
    console.error(`${name} is stale: run node test/vectors/generate.mjs`);
    isStale = true;
  }
}
if (isStale) process.exitCode = 1;
