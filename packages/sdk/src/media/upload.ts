import type { MediaInfo } from '@parley/wire';
import { backOff } from '../catch-up.js';
import { ParleyClientError } from '../client-error.js';
import type { ClientParts } from '../client-parts.js';
import type { KeptUpload } from '../local-store/local-store.js';
import type { FileSource } from './file-source.js';
import type { HttpAnswer, HttpPort } from './http-port.js';
import type { FileDetails } from './media-content.js';
import { mediaLimits } from './media-limits.js';
import { makeStop, reasonOf } from './stop.js';

/** Where begun uploads are remembered, so that they go on after a restart. */
export interface UploadMemory {
  get(key: string): KeptUpload | undefined;
  put(upload: KeptUpload): void;
  remove(key: string): void;
}

export interface UploadProgress {
  readonly sentBytes: number;
  readonly totalBytes: number;
}

export interface UploadOptions {
  readonly parts: ClientParts;
  readonly http: HttpPort;
  readonly memory: UploadMemory;
  readonly conversation: string;
  readonly source: FileSource;
  readonly details: FileDetails;
  readonly signal?: AbortSignal;
  /** Whether the client was closed. */
  isClosed(): boolean;
  onProgress?(progress: UploadProgress): void;
}

/** Uploads that are under way: two with the same file must not get into each other's way. */
const running = new Set<string>();

/**
 * Brings one file to the server (tus 1.0.0, "Core Protocol"): piece by piece, from where it stood after whatever has
 * interrupted it. Resolves once the server has checked it. Rejects with a ParleyClientError, or the signal's reason.
 */
export async function upload(options: UploadOptions): Promise<MediaInfo> {
  const sha256 = await checksumOf(options.source);
  const key = keyOf(options, sha256);
  const isFirst = !running.has(key);
  running.add(key);
  try {
    return await new Upload(options, { sha256, key: isFirst ? key : '' }).run();
  } finally {
    if (isFirst) running.delete(key);
  }
}

class Upload {
  readonly #options: UploadOptions;
  readonly #sha256: string;
  /** Empty: it is not remembered. */
  readonly #key: string;
  readonly #total: number;
  #upload: KeptUpload | undefined;
  #offset = 0;
  #isOffsetKnown = false;
  #failures = 0;

  constructor(options: UploadOptions, { sha256, key }: { readonly sha256: string; readonly key: string }) {
    this.#options = options;
    this.#sha256 = sha256;
    this.#key = key;
    this.#total = options.source.sizeBytes;
    const kept = key === '' ? undefined : options.memory.get(key);
    if (kept !== undefined && kept.expiresMs > options.parts.clock.now()) this.#upload = kept;
  }

  async run(): Promise<MediaInfo> {
    const { parts, signal, isClosed } = this.#options;
    for (;;) {
      try {
        await this.#connected();
        return await this.#attempt();
      } catch (thrown) {
        if (signal?.aborted === true) {
          this.#cancel();
          throw reasonOf(signal);
        }
        const error = ParleyClientError.from(thrown);
        if (isClosed()) throw error;
        if (!error.retryable || ++this.#failures > mediaLimits.failuresMax) {
          if (!error.retryable) this.#forget();
          throw error;
        }
        this.#isOffsetKnown = false;
        await aborted(backOff(parts, this.#failures - 1, error.retryAfterMs), signal);
      }
    }
  }

  async #attempt(): Promise<MediaInfo> {
    const { parts, signal } = this.#options;
    const upload = this.#upload ?? (await this.#create());
    this.#upload = upload;
    if (!this.#isOffsetKnown) await this.#askOffset(upload);
    this.#tell(this.#offset);
    while (this.#offset < this.#total) {
      if (signal?.aborted === true) throw reasonOf(signal);
      await this.#sendPiece(upload);
    }
    const body = { type: 'completeUpload', value: { media: upload.media } } as const;
    const info = await parts.requests.call({ body, expect: 'media', isRepeatable: true });
    this.#forget();
    return info;
  }

  async #create(): Promise<KeptUpload> {
    const { parts, memory, conversation, details } = this.#options;
    const { kind, name, mimeType } = details;
    const value = { conversation, kind, name, mimeType, sizeBytes: this.#total, sha256: this.#sha256 };
    const answer = await parts.requests.call({ body: { type: 'createUpload', value }, expect: 'upload', isRepeatable: true });
    const kept = { ...answer, key: this.#key };
    if (this.#key !== '') memory.put(kept);
    this.#offset = 0;
    this.#isOffsetKnown = true;
    return kept;
  }

  async #askOffset({ uploadUrl }: KeptUpload): Promise<void> {
    const answer = await this.#request({ method: 'HEAD', url: uploadUrl, headers: tus });
    this.#takeOffset(answer);
  }

  async #sendPiece({ uploadUrl, chunkBytes }: KeptUpload): Promise<void> {
    const from = this.#offset;
    const to = Math.min(this.#total, from + (chunkBytes || mediaLimits.chunkBytes));
    const headers = { ...tus, 'upload-offset': String(from), 'content-type': 'application/offset+octet-stream' };
    const body = await this.#options.source.body(from, to);
    this.#takeOffset(await this.#request({ method: 'PATCH', url: uploadUrl, headers, body }));
    this.#tell(this.#offset);
  }

  /** What does not answer the question is an error; one that goes away by itself is retryable. */
  #takeOffset(answer: HttpAnswer): void {
    const { status } = answer;
    const offset = Number(answer.header('upload-offset') ?? Number.NaN);
    if (status >= 200 && status < 300 && offset >= 0 && offset <= this.#total) {
      if (offset > this.#offset) this.#failures = 0;
      this.#offset = offset;
      this.#isOffsetKnown = true;
      return;
    }
    if (status === 403 || status === 404 || status === 410) {
      // Its time is over, or the server has lost it: from the beginning.
      this.#forget();
      this.#upload = undefined;
      throw ParleyClientError.of('UNAVAILABLE', `the upload is gone: ${status}`);
    }
    const isPassing = status === 409 || status === 423 || status === 429 || status >= 500 || status < 300;
    throw ParleyClientError.of(isPassing ? 'UNAVAILABLE' : 'MEDIA_REFUSED', `the file server says ${status}`);
  }

  /** Given up when nothing moves any more. */
  async #request(request: Omit<Parameters<HttpPort['send']>[0], 'signal'>): Promise<HttpAnswer> {
    const { http, parts, signal } = this.#options;
    const given = makeStop();
    const giveUp = (): void => given.abort();
    const waitMs = http.tellsProgress || request.method === 'HEAD' ? mediaLimits.silentMs : mediaLimits.chunkMs;
    let cancel = parts.clock.setTimer(waitMs, giveUp);
    signal?.addEventListener('abort', giveUp);
    const onProgress = (sentBytes: number): void => {
      cancel();
      cancel = parts.clock.setTimer(waitMs, giveUp);
      this.#tell(Math.min(this.#total, this.#offset + sentBytes));
    };
    try {
      return await http.send({ ...request, signal: given.signal, onProgress });
    } finally {
      cancel();
      signal?.removeEventListener('abort', giveUp);
    }
  }

  /** While the client is offline there is nothing to try. */
  #connected(): Promise<void> {
    const { parts, signal, isClosed } = this.#options;
    if (signal?.aborted === true) return Promise.reject(reasonOf(signal));
    if (isClosed()) return Promise.reject(closed());
    if (parts.requests.connection !== undefined) return Promise.resolve();
    let off = (): void => {};
    const waiting = new Promise<void>((resolve, reject) => {
      const offOnline = parts.steps.on('online', () => resolve());
      const offClosed = parts.events.on('connection', ({ state }) => {
        if (state === 'closed') reject(closed());
      });
      off = () => {
        offOnline();
        offClosed();
      };
    });
    const settled = aborted(waiting, signal);
    settled.then(off, off);
    return settled;
  }

  #tell(sentBytes: number): void {
    this.#options.onProgress?.({ sentBytes, totalBytes: this.#total });
  }

  #forget(): void {
    if (this.#key !== '') this.#options.memory.remove(this.#key);
  }

  #cancel(): void {
    const { requests } = this.#options.parts;
    this.#forget();
    if (this.#upload === undefined || requests.connection === undefined) return;
    const body = { type: 'cancelUpload', value: { media: this.#upload.media } } as const;
    requests.call({ body, expect: 'done', isImmediate: true }).catch(() => {});
  }
}

/** What has come stays with the server, for the next client. */
const closed = (): ParleyClientError => ParleyClientError.of('UNAVAILABLE', 'the client is closed');

const tus = { 'tus-resumable': '1.0.0' } as const;

/** The promise, or the signal's reason as soon as it is aborted. */
function aborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(reasonOf(signal));
    signal.addEventListener('abort', abort);
    const over = (): void => signal.removeEventListener('abort', abort);
    promise.then(resolve, reject);
    promise.then(over, over);
  });
}

/** Which file for which conversation; empty when that cannot be told for sure. */
function keyOf({ conversation, source, details }: UploadOptions, sha256: string): string {
  const mark = sha256 === '' ? source.modifiedMs : sha256;
  if (mark === undefined) return '';
  return JSON.stringify([conversation, details.kind, details.name, details.mimeType, source.sizeBytes, mark]);
}

interface SubtleCrypto {
  readonly subtle?: { digest(name: 'SHA-256', bytes: Uint8Array): Promise<ArrayBuffer> };
}

/** Hexadecimal; empty where it cannot be computed, or would take long. */
async function checksumOf({ sizeBytes, bytes }: FileSource): Promise<string> {
  const { subtle } = (globalThis as { readonly crypto?: SubtleCrypto }).crypto ?? {};
  if (sizeBytes > mediaLimits.checksumBytesMax || bytes === undefined || subtle === undefined) return '';
  const digest = new Uint8Array(await subtle.digest('SHA-256', await bytes()));
  return Array.from(digest, (byte) => (byte + 256).toString(16).slice(1)).join('');
}
