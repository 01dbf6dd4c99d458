import type { CancelUploadRequest, CancelUploadResponseInit } from '@parley/contracts/media';
import { ParleyError } from '@parley/kernel';
import { type FileDeps, ownedRecord } from './owned-record.js';

/** Forgets an upload that is not complete; one that is gone already is no error. */
export async function cancelUpload({ store, serial, events }: FileDeps, request: CancelUploadRequest): Promise<CancelUploadResponseInit> {
  return serial.run(request.media, async () => {
    const record = await ownedRecord(store, request).catch(unlessGone);
    if (record?.isComplete === true) throw new ParleyError('TOO_LATE', 'the upload is complete');
    if (record === undefined) return {};
    await store.remove(record);
    events.upload('cancelled');
    return {};
  });
}

/** What is not there, or not the user's, needs no cancelling. */
export function unlessGone(error: unknown): undefined {
  if (error instanceof ParleyError && error.error === 'MEDIA_NOT_FOUND') return undefined;
  throw error;
}
