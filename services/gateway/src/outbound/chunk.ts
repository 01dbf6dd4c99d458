import { encodeServerFrames, type ServerFrameInit } from '@parley/wire';
import type { JsonCodec } from '../ports.js';
import type { Bundle } from './bundle.js';

const jsonHead = '{"frames":[';
const jsonTail = ']}';

/**
 * One encoded ServerFrames message with a single frame, shared by all its receivers. Such messages are
 * joined by putting their bytes one after the other (protobuf: repeated fields add up).
 */
export class Chunk {
  readonly bytes: Uint8Array;
  /** The bundle made by the last append of this chunk, so that receivers with equal queues share it. */
  bundle: Bundle | undefined = undefined;
  bundles: Map<Bundle, Bundle> | undefined = undefined;
  #json: string | undefined = undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** The frame as proto-JSON, made once; empty when it cannot be told in JSON. */
  json(codec: JsonCodec): string {
    this.#json ??= frameOf(codec, this.bytes);
    return this.#json;
  }
}

/** A frame ready for any number of receivers. */
export const chunkOf = (frame: ServerFrameInit): Chunk => new Chunk(encodeServerFrames({ frames: [frame] }));

function frameOf(codec: JsonCodec, bytes: Uint8Array): string {
  let text: string;
  try {
    text = codec.encodeServerFrames(bytes);
  } catch {
    // Content with fields of another schema's types: binary clients get it, JSON clients cannot.
    return '';
  }
  return text.startsWith(jsonHead) && text.endsWith(jsonTail) ? text.slice(jsonHead.length, -jsonTail.length) : '';
}

/** Frames as one proto-JSON ServerFrames. */
export const joinJson = (frames: readonly string[]): string => jsonHead + frames.filter((frame) => frame !== '').join(',') + jsonTail;
