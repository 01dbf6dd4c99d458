import type { EdgeListener, PreparedMessage } from '@parley/edge-listener';
import type { JsonCodec } from '../ports.js';
import { type Chunk, joinJson } from './chunk.js';

/** Turns payloads into messages for connections. */
export interface BundleEncoder {
  readonly listener: Pick<EdgeListener, 'prepare'>;
  readonly jsonCodec: JsonCodec | undefined;
}

/**
 * A queue of chunks as a path in a tree: appending the same chunk to the same bundle gives the same bundle.
 * So connections that were sent the same chunks since their last flush hold the same object, and the
 * message for all of them is put together once.
 */
export class Bundle {
  readonly byteLength: number;
  readonly #before: Bundle | undefined;
  readonly #chunk: Chunk | undefined;
  #binary: PreparedMessage | undefined = undefined;
  #text: PreparedMessage | undefined = undefined;

  /** Only `append` and `emptyBundle` make bundles. */
  constructor(before: Bundle | undefined, chunk: Chunk | undefined, byteLength: number) {
    this.#before = before;
    this.#chunk = chunk;
    this.byteLength = byteLength;
  }

  append(chunk: Chunk): Bundle {
    const known = chunk.bundle;
    if (known !== undefined && known.#before === this) return known;
    const other = chunk.bundles?.get(this);
    if (other !== undefined) return other;
    const bundle = new Bundle(this, chunk, this.byteLength + chunk.bytes.length);
    if (known === undefined) {
      chunk.bundle = bundle;
    } else {
      chunk.bundles ??= new Map();
      chunk.bundles.set(this, bundle);
    }
    return bundle;
  }

  /** The message for connections of the given kind; made on first use. */
  message(isJson: boolean, encoder: BundleEncoder): PreparedMessage {
    if (!isJson) {
      this.#binary ??= encoder.listener.prepare(this.#join());
      return this.#binary;
    }
    this.#text ??= encoder.listener.prepare(this.#joinText(encoder.jsonCodec));
    return this.#text;
  }

  #chunks(): Chunk[] {
    const chunks: Chunk[] = [];
    for (let at: Bundle | undefined = this; at !== undefined; at = at.#before) {
      if (at.#chunk !== undefined) chunks.push(at.#chunk);
    }
    return chunks.reverse();
  }

  #join(): Uint8Array {
    if (this.#before === emptyBundle && this.#chunk !== undefined) return this.#chunk.bytes;
    const joined = new Uint8Array(this.byteLength);
    let at = 0;
    for (const chunk of this.#chunks()) {
      joined.set(chunk.bytes, at);
      at += chunk.bytes.length;
    }
    return joined;
  }

  #joinText(codec: JsonCodec | undefined): string {
    if (codec === undefined) throw new Error('a JSON connection without a JSON codec');
    return joinJson(this.#chunks().map((chunk) => chunk.json(codec)));
  }
}

/** The empty queue. */
export const emptyBundle: Bundle = new Bundle(undefined, undefined, 0);
