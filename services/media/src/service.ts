import type { MediaService as Contract } from '@parley/contracts/media';
import type { ServiceHandlers } from '@parley/rpc';
import type { MediaDeps } from './ports.js';
import { cancelUpload } from './rpc/cancel-upload.js';
import { completeUpload } from './rpc/complete-upload.js';
import { createUpload } from './rpc/create-upload.js';
import { deleteMedia, eraseMedia } from './rpc/delete-media.js';
import { getDownloadUrl } from './rpc/get-download-url.js';
import { listMedia } from './rpc/list-media.js';
import { shareMedia } from './rpc/share-media.js';
import { Serial } from './serial.js';
import { sweepUploads } from './sweep-uploads.js';

export interface MediaService {
  readonly handlers: ServiceHandlers<typeof Contract>;
  /** Work on one file, one at a time; the server of bytes takes part. */
  readonly serial: Serial;
  /** Deletes abandoned uploads until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>;
}

/** Files that go with messages: who may put what where, and who gets URLs. */
export function createMediaService(given: MediaDeps): MediaService {
  const serial = new Serial();
  const deps = { ...given, serial };
  return {
    serial,
    handlers: {
      createUpload: (request) => createUpload(deps, request),
      completeUpload: (request) => completeUpload(deps, request),
      cancelUpload: (request) => cancelUpload(deps, request),
      getDownloadUrl: (request) => getDownloadUrl(deps, request),
      shareMedia: (request) => shareMedia(deps, request),
      listMedia: (request) => listMedia(deps, request),
      deleteMedia: (request) => deleteMedia(deps, request),
      eraseMedia: (request) => eraseMedia(deps, request),
    },
    run: (signal) => sweepUploads(deps, signal),
  };
}
