import { open, readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { FileSource } from './file-source.js';

/** A file of the file system, read as it is sent. Rejects when it is not there. For Node. */
export async function fileSource(path: string, options: { readonly mimeType?: string; readonly name?: string } = {}): Promise<FileSource> {
  const { size, mtimeMs } = await stat(path);
  return {
    ...{ sizeBytes: size, name: basename(path), modifiedMs: Math.floor(mtimeMs), ...options },
    body: (from, to) => readPiece(path, from, to),
    bytes: () => readFile(path),
  };
}

async function readPiece(path: string, from: number, to: number): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const bytes = new Uint8Array(to - from);
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, from + filled);
      if (bytesRead === 0) throw new Error(`${path} has become shorter`);
      filled += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}
