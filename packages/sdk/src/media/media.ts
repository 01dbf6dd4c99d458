import type { MediaInfo } from '@parley/wire';
import { ParleyClientError } from '../client-error.js';
import type { ClientParts } from '../client-parts.js';
import type { MessageContent, MessageContentInit } from '../content.js';
import type { Message } from '../events.js';
import type { KeptUpload } from '../local-store/local-store.js';
import { type FileInput, type FileSource, sourceOf } from './file-source.js';
import { defaultHttp, type HttpPort } from './http-port.js';
import { contentOf, type FileDetails, type FileKind, kindOf, mediaOf } from './media-content.js';
import { mediaLimits } from './media-limits.js';
import { thumbnailOf } from './thumbnail.js';
import { upload, type UploadMemory, type UploadProgress } from './upload.js';

/** How a file is sent; what is absent is taken from the file. */
export interface FileOptions extends Partial<Omit<FileDetails, 'thumbnail'>> {
  /** A small picture of at most 8 KiB; by default browsers make one of pictures. False: none. */
  readonly thumbnail?: Uint8Array | false;
  /** Gives it up: what has come is deleted. */
  readonly signal?: AbortSignal;
  onProgress?(progress: UploadProgress): void;
}

/** A file that has arrived. */
export interface UploadedFile {
  readonly media: MediaInfo;
  /** What to send. */
  readonly content: MessageContentInit;
}

export interface MediaOptions {
  readonly parts: ClientParts;
  /** Where begun uploads are remembered; in memory by default. */
  readonly memory?: UploadMemory;
  /** How files travel; `XMLHttpRequest` or `fetch` by default. */
  readonly http?: HttpPort;
}

/** Files that go with messages: the bytes travel by HTTP, the messages say which file. */
export class Media {
  readonly #parts: ClientParts;
  readonly #memory: UploadMemory;
  readonly #http: HttpPort;
  #isClosed = false;
  /** By conversation and file; those that were asked for last are at the end. */
  readonly #urls = new Map<string, { readonly url: Promise<string>; expiresMs: number }>();

  constructor({ parts, memory, http }: MediaOptions) {
    this.#parts = parts;
    this.#memory = memory ?? memoryOfUploads();
    this.#http = http ?? defaultHttp();
    parts.events.on('connection', ({ state }) => {
      this.#isClosed = state === 'closed';
    });
  }

  /**
   * Brings a file to the server, for one conversation. It goes on by itself after a lost connection, and after a restart
   * when it is asked for the same file again. Rejects with a ParleyClientError, or with the reason of the signal.
   */
  async upload(input: FileInput, options: FileOptions & { readonly conversation: string }): Promise<UploadedFile> {
    const source = sourceOf(input);
    const details = await this.describe(source, options);
    const { conversation, signal, onProgress } = options;
    const media = await upload({
      ...{ parts: this.#parts, http: this.#http, memory: this.#memory, isClosed: () => this.#isClosed },
      ...{ conversation, source, details },
      ...(signal && { signal }),
      ...(onProgress && { onProgress }),
    });
    return { media, content: contentOf(details, media) };
  }

  /** What is known of a file before it is sent, with a small picture where one can be made. */
  async describe(source: FileSource, options: FileOptions): Promise<FileDetails> {
    const details = detailsOf(source, options);
    const { thumbnail } = options;
    const isPicture = details.kind === 'image' && source.blob !== undefined;
    const small = thumbnail === undefined && isPicture ? await thumbnailOf(source.blob) : thumbnail;
    return small === undefined || small === false ? details : { ...details, thumbnail: small };
  }

  /**
   * A URL for the file of a message, or of a content in that conversation; it holds for a few minutes, so ask again whenever it is
   * needed: answers are remembered as long as they hold. Rejects with a ParleyClientError, MEDIA_NOT_FOUND among them.
   */
  url(message: Message): Promise<string>;
  url(content: MessageContent | string, conversation: string): Promise<string>;
  url(what: Message | MessageContent | string, inConversation = ''): Promise<string> {
    const isMessage = typeof what !== 'string' && 'content' in what;
    const conversation = isMessage ? what.conversation : inConversation;
    const content = isMessage ? what.content : what;
    if (typeof content === 'string') return this.#ask(content, conversation);
    const [media] = mediaOf(content);
    if (media !== undefined) return this.#ask(media, conversation);
    if ('url' in content && content.url !== '') return Promise.resolve(content.url);
    return Promise.reject(ParleyClientError.of('INVALID_ARGUMENT', 'there is no file in it'));
  }

  /** Makes a file one of a second conversation as well; `forward` does so by itself. Rejects with a ParleyClientError. */
  async share(media: string, conversations: { readonly from: string; readonly to: string }): Promise<void> {
    const value = { media, fromConversation: conversations.from, toConversation: conversations.to };
    await this.#parts.requests.call({ body: { type: 'shareMedia', value }, expect: 'done', isRepeatable: true });
  }

  #ask(media: string, conversation: string): Promise<string> {
    const key = `${conversation} ${media}`;
    const known = this.#urls.get(key);
    this.#urls.delete(key);
    const isGood = known !== undefined && known.expiresMs > this.#parts.clock.now() + mediaLimits.urlLeftMs;
    const entry = isGood ? known : this.#fetch(media, conversation, key);
    this.#urls.set(key, entry);
    for (const oldest of this.#urls.keys()) {
      if (this.#urls.size <= mediaLimits.urlsMax) break;
      this.#urls.delete(oldest);
    }
    return entry.url;
  }

  #fetch(media: string, conversation: string, key: string): { readonly url: Promise<string>; expiresMs: number } {
    const body = { type: 'getDownloadUrl', value: { media, conversation } } as const;
    const asked = this.#parts.requests.call({ body, expect: 'media', isRepeatable: true });
    const url = asked.then((info) => {
      entry.expiresMs = info.urlExpiresMs;
      return info.url;
    });
    // Until the answer is there, whoever asks as well gets it too.
    const entry = { url, expiresMs: Number.POSITIVE_INFINITY };
    url.catch(() => {
      if (this.#urls.get(key) === entry) this.#urls.delete(key);
    });
    return entry;
  }
}

/** What is known of a file without looking into it. */
export function detailsOf(source: FileSource, options: FileOptions): FileDetails {
  const { name, mimeType, kind, durationMs, width, height, extension } = options;
  const type = mimeType ?? source.mimeType ?? 'application/octet-stream';
  const chosen: FileKind = kind ?? kindOf(type);
  return {
    ...{ kind: chosen, name: name ?? source.name ?? '', mimeType: type },
    ...(durationMs !== undefined && { durationMs }),
    ...(width !== undefined && { width }),
    ...(height !== undefined && { height }),
    ...(extension !== undefined && { extension }),
  };
}

function memoryOfUploads(): UploadMemory {
  const uploads = new Map<string, KeptUpload>();
  return {
    get: (key) => uploads.get(key),
    put: (begun) => void uploads.set(begun.key, begun),
    remove: (key) => void uploads.delete(key),
  };
}
