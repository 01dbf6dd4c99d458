import { readFileSync } from 'node:fs';
import {
  createFileRegistry,
  type DescMessage,
  type DescMethod,
  type FileRegistry,
  fromBinary,
  fromJson,
  type JsonObject,
  type JsonValue,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { descriptorSetUrl } from '@parley/contracts/descriptors';
import { type Codec, ParleyError } from '@parley/kernel';
import type { ServiceDescriptor } from '@parley/rpc';

/** One method's messages as JSON. */
export interface JsonMethod {
  /** JSON to what the typed client takes; throws INVALID_ARGUMENT naming the field. */
  readRequest(json: unknown): unknown;
  /** What the typed client gave to JSON. */
  writeResponse(response: unknown): JsonValue;
}

/** The contracts' descriptors, as `buf build` wrote them. */
export function loadDescriptors(): FileRegistry {
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(descriptorSetUrl)));
}

/**
 * JSON in the mapping of Protocol Buffers (protobuf.dev, "ProtoJSON Format"): camelCase names, 64-bit numbers
 * as strings, bytes as base64, enums by name. Responses carry every field, also those at their zero value.
 * Throws when the descriptors do not know the method: they were not generated again.
 */
export function jsonMethod(registry: FileRegistry, service: ServiceDescriptor, name: string): JsonMethod {
  const described = registry.getService(service.typeName)?.methods.find((candidate) => candidate.localName === name);
  const method = service.methods[name];
  if (described === undefined || method === undefined) throw new Error(`the descriptors do not know ${service.typeName}/${name}`);
  return {
    readRequest: (json) => decodeMessage(method.request, toBinary(described.input, readMessage(described, json))),
    writeResponse: (response) => writeMessage(described.output, method.response, response),
  };
}

/**
 * Writes encoded messages as ProtoJSON, by the full name of their type; fields at their zero value are left out. Throws for
 * a type that the descriptors do not know, and for bytes that are no such message.
 */
export function jsonWriter(registry: FileRegistry): (typeName: string, bytes: Uint8Array) => JsonObject {
  return (typeName, bytes) => {
    const desc = registry.getMessage(typeName);
    if (desc === undefined) throw new Error(`the descriptors do not know ${typeName}`);
    return toJson(desc, fromBinary(desc, bytes)) as JsonObject;
  };
}

function writeMessage(desc: DescMessage, codec: Codec<unknown, unknown>, message: unknown): JsonValue {
  return toJson(desc, fromBinary(desc, codec.encode(message)), { alwaysEmitImplicit: true });
}

function readMessage({ input }: DescMethod, json: unknown) {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new ParleyError('INVALID_ARGUMENT', 'the body must be a JSON object');
  }
  try {
    return fromJson(input, json as JsonValue);
  } catch (error) {
    throw new ParleyError('INVALID_ARGUMENT', inWords(error), { cause: error });
  }
}

/** Our own codecs are stricter than the format: numbers stay below 2^53. */
function decodeMessage(codec: Codec<unknown, unknown>, bytes: Uint8Array): unknown {
  try {
    return codec.decode(bytes);
  } catch (error) {
    throw new ParleyError('INVALID_ARGUMENT', error instanceof Error ? error.message : String(error), { cause: error });
  }
}

const unknownKey = /^cannot decode message (?:\w+\.)*(\w+) from JSON: key "(.*)" is unknown$/;
const otherFault = /^cannot decode (message|enum) (?:\w+\.)*(\w+) from JSON: (.*)$/s;

/** What is wrong with the JSON, by the field's name as the caller wrote it. */
function inWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const field = fieldOf(error.cause);
  if (field !== undefined) return `${field}: ${(error.cause as Error).message}`;
  const [, message, key] = unknownKey.exec(error.message) ?? [];
  if (key !== undefined) return `${key}: ${message} has no such field`;
  const [, kind, type, value] = otherFault.exec(error.message) ?? [];
  if (type === undefined) return error.message;
  return kind === 'enum' ? `${value} is no ${type}` : `expected the fields of ${type} as a JSON object, got ${value}`;
}

/** protobuf-es throws errors that know their field, but does not export their class. */
function fieldOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error) || !('field' in cause) || typeof cause.field !== 'function') return undefined;
  const field: unknown = cause.field();
  return typeof field === 'object' && field !== null && 'jsonName' in field ? String(field.jsonName) : undefined;
}
