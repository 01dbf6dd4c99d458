import type { MediaInfo } from '@parley/wire';
import type { Actor } from '../world/actor.js';

export interface PictureUpload {
  readonly picture: Uint8Array<ArrayBuffer>;
  /** Bytes that the server has. */
  onProgress(sent: number): void;
}

const pieces = 4;

/** Uploads a picture piece by piece, as of tus 1.0.0, and lets the server check it. */
export async function uploadPicture({ client }: Actor, conversation: string, { picture, onProgress }: PictureUpload): Promise<MediaInfo> {
  const { requests } = client.internals;
  const value = { conversation, kind: 'image', name: 'glass.png', mimeType: 'image/png', sizeBytes: picture.length };
  const { media, uploadUrl } = await requests.call({ body: { type: 'createUpload', value }, expect: 'upload' });
  const size = Math.ceil(picture.length / pieces);
  for (let offset = 0; offset < picture.length; offset += size) {
    const headers = { 'tus-resumable': '1.0.0', 'upload-offset': `${offset}`, 'content-type': 'application/offset+octet-stream' };
    const answer = await fetch(uploadUrl, { method: 'PATCH', headers, body: picture.subarray(offset, offset + size) });
    if (answer.status !== 204) throw new Error(`the upload was refused: ${answer.status} ${await answer.text()}`);
    onProgress(Number(answer.headers.get('upload-offset')));
  }
  return requests.call({ body: { type: 'completeUpload', value: { media } }, expect: 'media', isRepeatable: true });
}
