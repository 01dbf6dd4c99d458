/** The part of a Blob, or a File, that is used. */
export interface BlobLike {
  readonly size: number;
  readonly type: string;
  readonly name?: string;
  readonly lastModified?: number;
  slice(from: number, to: number): BlobLike;
  /** Old browsers have none: then no checksum is told. */
  arrayBuffer?(): Promise<ArrayBuffer>;
}

/** A file that can be read piece by piece, any piece again. */
export interface FileSource {
  readonly sizeBytes: number;
  readonly name?: string;
  readonly mimeType?: string;
  /** Changes when the file does, milliseconds since 1970 (UTC): so that an upload goes on with the same file only. */
  readonly modifiedMs?: number;
  /** A body for a request: bytes, or a Blob. */
  body(from: number, to: number): Promise<unknown> | unknown;
  /** All of it; undefined where it cannot be read at once. */
  bytes?(): Promise<Uint8Array>;
  /** For a small picture of it, in browsers. */
  readonly blob?: BlobLike;
}

/** What `upload` takes: a File or Blob, bytes, or anything that can be read piece by piece (`fileSource` in Node). */
export type FileInput = BlobLike | Uint8Array | FileSource;

/** Whatever was given, to be read. */
export function sourceOf(input: FileInput): FileSource {
  if (input instanceof Uint8Array) {
    return { sizeBytes: input.length, body: (from, to) => input.subarray(from, to), bytes: async () => input };
  }
  if ('sizeBytes' in input) return input;
  const { arrayBuffer } = input;
  return {
    sizeBytes: input.size,
    ...(input.name !== undefined && { name: input.name }),
    ...(input.type !== '' && { mimeType: input.type }),
    ...(input.lastModified !== undefined && { modifiedMs: input.lastModified }),
    body: (from, to) => input.slice(from, to),
    ...(arrayBuffer !== undefined && { bytes: async () => new Uint8Array(await arrayBuffer.call(input)) }),
    blob: input,
  };
}
