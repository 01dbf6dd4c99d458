import { request } from 'node:http';

const tus = { 'tus-resumable': '1.0.0' } as const;
const pieceBytes = 256 * 1024;

/** What became of an upload. */
export interface Uploaded {
  /** Bytes that the server had when the upload was taken up again. */
  readonly keptBytes: number;
  readonly requests: number;
}

/**
 * Uploads bytes as of tus 1.0.0 over a connection that breaks in the middle, without a word, and goes on with another one
 * where the server says that it stands.
 */
export async function uploadResumed(url: string, bytes: Uint8Array, options: { readonly chunkBytes: number }): Promise<Uploaded> {
  await breakAfter(url, bytes, Math.floor(bytes.length / 2));
  const keptBytes = await offsetOf(url);
  let requests = 1;
  for (let offset = keptBytes; offset < bytes.length; requests++) {
    const body = new Uint8Array(bytes.subarray(offset, offset + options.chunkBytes));
    const answer = await fetch(url, { method: 'PATCH', headers: headersAt(offset), body });
    if (answer.status !== 204) throw new Error(`PATCH at ${offset}: ${answer.status} ${await answer.text()}`);
    offset = Number(answer.headers.get('upload-offset'));
  }
  return { keptBytes, requests };
}

const headersAt = (offset: number): Record<string, string> => ({
  ...tus,
  'upload-offset': `${offset}`,
  'content-type': 'application/offset+octet-stream',
});

async function offsetOf(url: string): Promise<number> {
  const answer = await fetch(url, { method: 'HEAD', headers: tus });
  return Number(answer.headers.get('upload-offset'));
}

/** Announces all of it, and is gone after so many bytes. */
function breakAfter(url: string, bytes: Uint8Array, count: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const patch = request(url, { method: 'PATCH', headers: { ...headersAt(0), 'content-length': bytes.length } });
    patch.once('response', ({ statusCode }) => reject(new Error(`answered ${statusCode} before all had come`)));
    patch.once('close', resolve);
    // It breaks because we break it.
    patch.on('error', () => {});
    const write = (at: number): void => {
      if (at >= count) patch.destroy();
      else patch.write(bytes.subarray(at, Math.min(count, at + pieceBytes)), () => write(at + pieceBytes));
    };
    write(0);
  });
}
