import { AwsClient } from 'aws4fetch';
import { ParleyError } from '@parley/kernel';
import type { ByteRange } from '../ports.js';

export interface S3Options {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** One part of a multipart upload that is there. */
export interface UploadedPart {
  readonly number: number;
  readonly etag: string;
  readonly bytes: number;
}

/** The few calls of the S3 interface (Amazon S3 API Reference) that files need. Throws UNAVAILABLE for what the store refuses. */
export class S3Client {
  readonly #aws: AwsClient;
  readonly #base: string;

  constructor({ endpoint, region, bucket, accessKeyId, secretAccessKey }: S3Options) {
    this.#aws = new AwsClient({ accessKeyId, secretAccessKey, region, service: 's3', retries: 4 });
    this.#base = `${endpoint}/${bucket}`;
  }

  async put(key: string, body: Uint8Array | string): Promise<void> {
    await this.#call(`/${key}`, { method: 'PUT', body: bodyOf(body) });
  }

  /** Undefined when there is no such object. */
  async get(key: string): Promise<Uint8Array | undefined> {
    const response = await this.#ask(`/${key}`, {});
    if (response.status === 404) return undefined;
    return new Uint8Array(await (await accepted(response)).arrayBuffer());
  }

  async *read(key: string, range?: ByteRange): AsyncGenerator<Uint8Array> {
    const headers = range === undefined ? {} : { range: `bytes=${range.from}-${range.to}` };
    const { body } = await this.#call(`/${key}`, { headers });
    if (body !== null) yield* body as unknown as AsyncIterable<Uint8Array>;
  }

  async exists(key: string): Promise<boolean> {
    const response = await this.#ask(`/${key}`, { method: 'HEAD' });
    if (response.status !== 404) await accepted(response);
    return response.ok;
  }

  async delete(key: string): Promise<void> {
    await this.#call(`/${key}`, { method: 'DELETE' });
  }

  /** Names of objects below a prefix, sorted, behind another name (ListObjectsV2): at most `limit`, and not above 1 000. */
  async list(prefix: string, { after, limit }: { readonly after: string; readonly limit: number }): Promise<readonly string[]> {
    const query = new URLSearchParams({ 'list-type': '2', prefix, ...(after === '' ? {} : { 'start-after': after }) });
    const text = await (await this.#call(`?${query}`, {})).text();
    return [...text.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, name = '']) => name).slice(0, limit);
  }

  /** Begins a multipart upload; answers its id. */
  async beginParts(key: string): Promise<string> {
    const text = await (await this.#call(`/${key}?uploads=`, { method: 'POST' })).text();
    const [, id] = /<UploadId>([^<]+)<\/UploadId>/.exec(text) ?? [];
    if (id === undefined) throw new ParleyError('UNAVAILABLE', 'the object store began no upload');
    return id;
  }

  async putPart(key: string, upload: string, number: number, bytes: Uint8Array): Promise<UploadedPart> {
    const query = new URLSearchParams({ partNumber: String(number), uploadId: upload });
    const response = await this.#call(`/${key}?${query}`, { method: 'PUT', body: bodyOf(bytes) });
    return { number, etag: response.headers.get('etag') ?? '', bytes: bytes.length };
  }

  async completeParts(key: string, upload: string, parts: readonly UploadedPart[]): Promise<void> {
    const listed = parts.map(({ number, etag }) => `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`).join('');
    const body = `<CompleteMultipartUpload>${listed}</CompleteMultipartUpload>`;
    const text = await (await this.#call(`/${key}?${new URLSearchParams({ uploadId: upload })}`, { method: 'POST', body })).text();
    // The call may fail after it has answered 200 (CompleteMultipartUpload, "Important").
    if (text.includes('<Error>')) throw new ParleyError('UNAVAILABLE', 'the object store could not put the parts together');
  }

  async abortParts(key: string, upload: string): Promise<void> {
    const response = await this.#ask(`/${key}?${new URLSearchParams({ uploadId: upload })}`, { method: 'DELETE' });
    // Gone already, or a store that knows no abortion: what is left of an upload is its business then.
    if (response.status !== 404 && response.status !== 405) await accepted(response);
  }

  async #call(path: string, init: RequestInit): Promise<Response> {
    return accepted(await this.#ask(path, init));
  }

  async #ask(path: string, init: RequestInit): Promise<Response> {
    try {
      return await this.#aws.fetch(`${this.#base}${path}`, init);
    } catch (error) {
      throw new ParleyError('UNAVAILABLE', 'the object store does not answer', { cause: error });
    }
  }
}

async function accepted(response: Response): Promise<Response> {
  if (response.ok) return response;
  const cause = new Error(`${response.status}: ${(await response.text()).slice(0, 500)}`);
  throw new ParleyError('UNAVAILABLE', `the object store answered ${response.status}`, { cause });
}

/** Types of fetch ask for a buffer that is not shared; ours never is. */
const bodyOf = (body: Uint8Array | string): Uint8Array<ArrayBuffer> | string =>
  typeof body === 'string' ? body : (body as Uint8Array<ArrayBuffer>);
