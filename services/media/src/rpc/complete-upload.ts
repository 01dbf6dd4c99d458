import { createHash } from 'node:crypto';
import type { CompleteUploadRequest, CompleteUploadResponseInit } from '@parley/contracts/media';
import { ParleyError } from '@parley/kernel';
import { identify } from '../check/content-type.js';
import { mediaLimits } from '../limits.js';
import { type MediaRecord, mediaOf } from '../media-record.js';
import type { MediaKey, MediaStore } from '../ports.js';
import { ownedRecord, type FileDeps } from './owned-record.js';

/** Checks what has come; what is not as announced is deleted. Says so again where it was complete before. */
export async function completeUpload(deps: FileDeps, request: CompleteUploadRequest): Promise<CompleteUploadResponseInit> {
  const { store, serial, events } = deps;
  return serial.run(request.media, async () => {
    const record = await ownedRecord(store, request);
    if (record.isComplete) return { media: mediaOf(record) };
    const received = await store.receivedBytes(record);
    if (received < record.sizeBytes) throw new ParleyError('MEDIA_REFUSED', `${received} of ${record.sizeBytes} bytes have come`);
    await store.finish(record);
    const complete = await checked(store, record).catch(async (error: unknown) => {
      if (error instanceof ParleyError && error.error === 'MEDIA_REFUSED') {
        await store.remove(record);
        events.upload('refused');
      }
      throw error;
    });
    await store.putRecord(complete);
    await store.settle(complete);
    events.upload('complete');
    return { media: mediaOf(complete) };
  });
}

async function checked(store: MediaStore, record: MediaRecord): Promise<MediaRecord> {
  const { head, sha256 } = await readThrough(store, record);
  if (record.sha256 !== '' && record.sha256 !== sha256) throw new ParleyError('MEDIA_REFUSED', `sha256: it is ${sha256}`);
  const found = await identify(record.kind, record.mimeType, head);
  return { ...record, ...found, sha256, isComplete: true };
}

async function readThrough(store: MediaStore, key: MediaKey): Promise<{ readonly head: Uint8Array; readonly sha256: string }> {
  const hash = createHash('sha256');
  const parts: Uint8Array[] = [];
  let headBytes = 0;
  for await (const bytes of store.read(key)) {
    hash.update(bytes);
    if (headBytes >= mediaLimits.headBytes) continue;
    parts.push(bytes);
    headBytes += bytes.length;
  }
  return { head: Buffer.concat(parts).subarray(0, mediaLimits.headBytes), sha256: hash.digest('hex') };
}
