import { createFileRegistry, type DescMessage, fromBinary, fromJsonString, toBinary, toJsonString } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { JsonCodec } from './ports.js';

/**
 * The codec of the JSON subprotocol, from a FileDescriptorSet (descriptor.proto) that holds parley.edge.v1.
 * Unknown fields of clients are ignored, as in the binary encoding. Throws when the frames are not in the set.
 */
export function createJsonCodec(descriptorSet: Uint8Array): JsonCodec {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet));
  const messageOf = (name: string): DescMessage => {
    const message = registry.getMessage(name);
    if (message === undefined) throw new Error(`the descriptors hold no ${name}`);
    return message;
  };
  const clientFrames = messageOf('parley.edge.v1.ClientFrames');
  const serverFrames = messageOf('parley.edge.v1.ServerFrames');
  return {
    decodeClientFrames: (text) => toBinary(clientFrames, fromJsonString(clientFrames, text, { ignoreUnknownFields: true })),
    encodeServerFrames: (bytes) => toJsonString(serverFrames, fromBinary(serverFrames, bytes)),
  };
}
