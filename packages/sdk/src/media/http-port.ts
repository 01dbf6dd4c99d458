import { ParleyClientError } from '../client-error.js';

export interface HttpRequest {
  readonly method: 'HEAD' | 'PATCH';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes, or a Blob. */
  readonly body?: unknown;
  readonly signal: AbortSignal;
  /** Called with the bytes of this request that have been written. */
  onProgress?(sentBytes: number): void;
}

export interface HttpAnswer {
  readonly status: number;
  /** Undefined when it is absent. */
  header(name: string): string | undefined;
}

/** How files travel. */
export interface HttpPort {
  /** Whether `onProgress` is called while a request is on its way. */
  readonly tellsProgress: boolean;
  /** Rejects when nothing was answered. */
  send(request: HttpRequest): Promise<HttpAnswer>;
}

type Handler = { handle(event: unknown): void }['handle'] | null;

/** The part of XMLHttpRequest that is used. */
interface Xhr {
  readonly status: number;
  readonly upload: { onprogress: { handle(event: { readonly loaded: number }): void }['handle'] | null };
  onload: Handler;
  onerror: Handler;
  onabort: Handler;
  open(method: string, url: string): void;
  setRequestHeader(name: string, value: string): void;
  getResponseHeader(name: string): string | null;
  send(body?: unknown): void;
  abort(): void;
}

interface HttpGlobals {
  readonly XMLHttpRequest?: new () => Xhr;
  readonly fetch?: (
    url: string,
    options: object,
  ) => Promise<{ readonly status: number; readonly headers: { get(name: string): string | null } }>;
}

/** XMLHttpRequest where there is one, for it tells the progress of what is sent; else `fetch`. */
export function defaultHttp(globals: HttpGlobals = globalThis as HttpGlobals): HttpPort {
  const { XMLHttpRequest } = globals;
  if (XMLHttpRequest !== undefined) return { tellsProgress: true, send: (request) => sendXhr(new XMLHttpRequest(), request) };
  return { tellsProgress: false, send: (request) => sendFetch(globals.fetch, request) };
}

const lost = (cause?: unknown): ParleyClientError => ParleyClientError.of('UNAVAILABLE', 'the file server does not answer', cause);

function sendXhr(xhr: Xhr, { method, url, headers, body, signal, onProgress }: HttpRequest): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const abort = (): void => xhr.abort();
    const over = (): void => signal.removeEventListener('abort', abort);
    xhr.onload = () => {
      over();
      resolve({ status: xhr.status, header: (name) => xhr.getResponseHeader(name) ?? undefined });
    };
    xhr.onerror = () => {
      over();
      reject(lost());
    };
    xhr.onabort = () => {
      over();
      reject(lost(signal.reason));
    };
    xhr.open(method, url);
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    xhr.upload.onprogress = ({ loaded }) => onProgress?.(loaded);
    signal.addEventListener('abort', abort);
    if (signal.aborted) reject(lost(signal.reason));
    else xhr.send(body);
  });
}

async function sendFetch(fetch: HttpGlobals['fetch'], { method, url, headers, body, signal }: HttpRequest): Promise<HttpAnswer> {
  if (fetch === undefined) throw ParleyClientError.of('UNSUPPORTED', 'neither fetch nor XMLHttpRequest here: pass options.http');
  try {
    const answer = await fetch(url, { method, headers, signal, ...(body !== undefined && { body }) });
    return { status: answer.status, header: (name) => answer.headers.get(name) ?? undefined };
  } catch (error) {
    throw lost(error);
  }
}
