import type { MediaService as Contract } from '@parley/contracts/media';
import type { ServiceHandlers } from '@parley/rpc';
import { createMediaEvents, type MediaEvents } from './events.js';
import type { MediaDeps } from './ports.js';
import { cancelUpload } from './rpc/cancel-upload.js';
import { completeUpload } from './rpc/complete-upload.js';
import { createUpload } from './rpc/create-upload.js';
import { deleteMedia, eraseMedia } from './rpc/delete-media.js';
import { getDownloadUrl } from './rpc/get-download-url.js';
import { listMedia } from './rpc/list-media.js';
import { shareMedia } from './rpc/share-media.js';
import { Serial } from './serial.js';
import { sweepFiles } from './sweep-files.js';
import { UploadQuota } from './upload-quota.js';

export interface MediaService {
  readonly handlers: ServiceHandlers<typeof Contract>;
  /** Work on one file, one at a time; the server of bytes takes part. */
  readonly serial: Serial;
  readonly events: MediaEvents;
  /** Deletes abandoned uploads and old files until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>;
}

/** Files that go with messages: who may put what where, and who gets URLs. */
export function createMediaService(given: MediaDeps): MediaService {
  const serial = new Serial();
  const events = createMediaEvents(given.telemetry, given.clock);
  const deps = { ...given, serial, events, quota: new UploadQuota(given.userBytesPerDay) };
  const noted = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      events.failed(error);
      throw error;
    }
  };
  return {
    serial,
    events,
    handlers: {
      createUpload: (request) => noted(createUpload(deps, request)),
      completeUpload: (request) => noted(completeUpload(deps, request)),
      cancelUpload: (request) => noted(cancelUpload(deps, request)),
      getDownloadUrl: (request) => noted(getDownloadUrl(deps, request)),
      shareMedia: (request) => noted(shareMedia(deps, request)),
      listMedia: (request) => noted(listMedia(deps, request)),
      deleteMedia: (request) => noted(deleteMedia(deps, request)),
      eraseMedia: (request, context) => noted(eraseMedia(deps, request, context)),
    },
    run: (signal) => sweepFiles(deps, signal),
  };
}
