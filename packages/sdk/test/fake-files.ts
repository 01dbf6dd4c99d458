import { createHash } from 'node:crypto';
import type { CreateUpload } from '@parley/wire';
import { ParleyClientError } from '../src/client-error.js';
import type { FakeServer } from '../src/fake/fake-server.js';
import type { HttpAnswer, HttpPort, HttpRequest } from '../src/media/http-port.js';

interface FakeFile {
  readonly announced: CreateUpload;
  bytes: Uint8Array;
  isComplete: boolean;
  readonly conversations: Set<string>;
}

/** The file service in memory: its calls, and tus 1.0.0 as an `HttpPort`. */
export class FakeFiles implements HttpPort {
  readonly tellsProgress = true;
  readonly all = new Map<string, FakeFile>();
  /** Every request: method, offset, bytes. */
  readonly requests: string[] = [];
  chunkBytes = 4;
  baseUrl = 'http://files';
  /** What goes wrong with the next requests, first one first. */
  readonly trouble: ('cut' | 'lost' | number)[] = [];
  cancelled: string[] = [];
  urls = 0;

  constructor(server: FakeServer) {
    server.answers.set('createUpload', ({ body }) => {
      if (body?.type !== 'createUpload') return undefined;
      const media = `m${this.all.size + 1}`;
      const conversations = new Set([body.value.conversation]);
      this.all.set(media, { announced: body.value, bytes: new Uint8Array(), isComplete: false, conversations });
      const uploadUrl = `${this.baseUrl}/${media}`;
      return { type: 'upload', value: { media, uploadUrl, expiresMs: server.clock.now() + 3_600_000, chunkBytes: this.chunkBytes } };
    });
    server.answers.set('completeUpload', ({ body }) => {
      const { media = '' } = (body?.value ?? {}) as { readonly media?: string };
      const file = this.all.get(media);
      if (file === undefined || !this.#isRight(file)) return server.refuse('MEDIA_REFUSED');
      file.isComplete = true;
      const { name, mimeType, sizeBytes } = file.announced;
      return { type: 'media', value: { media, name, mimeType, sizeBytes, width: 30, height: 20 } };
    });
    server.answers.set('cancelUpload', ({ body }) => {
      if (body?.type === 'cancelUpload') this.cancelled.push(body.value.media);
      return { type: 'done', value: {} };
    });
    server.answers.set('getDownloadUrl', ({ body }) => {
      if (body?.type !== 'getDownloadUrl') return undefined;
      const { media, conversation } = body.value;
      if (this.all.get(media)?.conversations.has(conversation) !== true) return server.refuse('MEDIA_NOT_FOUND');
      return {
        type: 'media',
        value: { media, url: `${this.baseUrl}/${media}?${++this.urls}`, urlExpiresMs: server.clock.now() + 600_000 },
      };
    });
    server.answers.set('shareMedia', ({ body }) => {
      if (body?.type !== 'shareMedia') return undefined;
      const { media, fromConversation, toConversation } = body.value;
      const conversations = this.all.get(media)?.conversations;
      if (conversations?.has(fromConversation) !== true) return server.refuse('MEDIA_NOT_FOUND');
      conversations.add(toConversation);
      return { type: 'done', value: {} };
    });
  }

  async send({ method, url, headers, body, onProgress, signal }: HttpRequest): Promise<HttpAnswer> {
    const file = this.all.get(url.split('/').pop() ?? '');
    const bytes = body instanceof Blob ? new Uint8Array(await body.arrayBuffer()) : ((body ?? new Uint8Array()) as Uint8Array);
    this.requests.push(`${method} ${headers['upload-offset'] ?? '-'} ${bytes.length}`);
    const trouble = this.trouble.shift();
    if (trouble === 'lost' || signal.aborted) throw ParleyClientError.of('UNAVAILABLE', 'lost');
    if (typeof trouble === 'number') return { status: trouble, header: () => undefined };
    if (file === undefined) return { status: 404, header: () => undefined };
    if (method === 'PATCH') {
      if (headers['tus-resumable'] !== '1.0.0' || headers['content-type'] !== 'application/offset+octet-stream') return answer(415, file);
      if (headers['upload-offset'] !== String(file.bytes.length)) return answer(409, file);
      const taken = trouble === 'cut' ? bytes.subarray(0, Math.ceil(bytes.length / 2)) : bytes;
      file.bytes = Uint8Array.from([...file.bytes, ...taken]);
      onProgress?.(taken.length);
      if (trouble === 'cut') throw ParleyClientError.of('UNAVAILABLE', 'cut');
    }
    return answer(method === 'HEAD' ? 200 : 204, file);
  }

  #isRight({ announced, bytes }: FakeFile): boolean {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return announced.sizeBytes === bytes.length && (announced.sha256 === '' || announced.sha256 === sha256);
  }
}

const answer = (status: number, { bytes }: FakeFile): HttpAnswer => ({
  status,
  header: (name) => (name === 'upload-offset' ? String(bytes.length) : undefined),
});
