/** Reads the unit that begins at a position; answers the position behind it, or 0 while it is incomplete. */
export type ReadOne = (bytes: Uint8Array, at: number) => number;

/** Cuts a stream of bytes into units, whatever pieces it comes in. */
export class StreamCutter {
  readonly #readOne: ReadOne;
  #rest: Uint8Array | undefined;

  constructor(readOne: ReadOne) {
    this.#readOne = readOne;
  }

  /** Takes the next bytes; the chunk may be used again afterwards. */
  push(chunk: Uint8Array): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = undefined;
    let at = 0;
    for (;;) {
      const next = this.#readOne(bytes, at);
      if (next === 0) break;
      at = next;
    }
    if (at < bytes.length) this.#rest = new Uint8Array(bytes.subarray(at));
  }
}
