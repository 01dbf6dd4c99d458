import {
  createCompleteUploadResponse,
  createCreateUploadResponse,
  createGetDownloadUrlResponse,
  type MediaService,
} from '@parley/contracts/media';
import type { ServiceClient } from '@parley/rpc';
import { Calls, unexpected } from './calls.js';

type Client = ServiceClient<typeof MediaService>;

/** A media service that has one file, `m1`. */
export class FakeMedia implements Client {
  readonly calls = new Calls<keyof Client>();
  readonly listMedia = unexpected;
  readonly deleteMedia = unexpected;
  readonly eraseMedia = unexpected;

  readonly createUpload: Client['createUpload'] = async (request) => {
    await this.calls.note('createUpload', request);
    return createCreateUploadResponse({ media: 'm1', uploadUrl: 'http://127.0.0.1/u/m1', expiresMs: 9, chunkBytes: 1_000 });
  };
  readonly completeUpload: Client['completeUpload'] = async (request) => {
    await this.calls.note('completeUpload', request);
    return createCompleteUploadResponse({ media: file });
  };
  readonly cancelUpload: Client['cancelUpload'] = async (request) => {
    await this.calls.note('cancelUpload', request);
    return {};
  };
  readonly getDownloadUrl: Client['getDownloadUrl'] = async (request) => {
    await this.calls.note('getDownloadUrl', request);
    return createGetDownloadUrlResponse({ url: 'http://127.0.0.1/d/m1', expiresMs: 99, media: file });
  };
  readonly shareMedia: Client['shareMedia'] = async (request) => {
    await this.calls.note('shareMedia', request);
    return {};
  };
}

const file = { media: 'm1', owner: 'alice', name: 'cat.png', mimeType: 'image/png', sizeBytes: 12, width: 3, height: 4 };
