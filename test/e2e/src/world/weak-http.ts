import { request } from 'node:http';
import { defaultHttp, type HttpAnswer, type HttpPort, type HttpRequest, ParleyClientError } from '@parley/sdk';

const pieceBytes = 256 * 1024;

/** Carries files as the SDK does by itself, but for the first piece: its connection breaks in the middle, without a word. */
export class WeakHttp implements HttpPort {
  readonly tellsProgress = false;
  /** Bytes that the server had when the upload was taken up again. */
  keptBytes: number | undefined;
  readonly #http = defaultHttp();
  #hasBroken = false;

  async send(asked: HttpRequest): Promise<HttpAnswer> {
    if (asked.method === 'PATCH' && !this.#hasBroken) {
      this.#hasBroken = true;
      return breakInTheMiddle(asked);
    }
    const answer = await this.#http.send(asked);
    if (this.#hasBroken) this.keptBytes ??= Number(answer.header('upload-offset'));
    return answer;
  }
}

/** Announces all of it, and is gone after half. */
async function breakInTheMiddle({ url, method, headers, body }: HttpRequest): Promise<never> {
  const bytes = body instanceof Blob ? new Uint8Array(await body.arrayBuffer()) : (body as Uint8Array);
  await new Promise<void>((resolve, reject) => {
    const half = request(url, { method, headers: { ...headers, 'content-length': bytes.length } });
    half.once('response', ({ statusCode }) => reject(new Error(`answered ${statusCode} before all had come`)));
    half.once('close', resolve);
    // It breaks because we break it.
    half.on('error', () => {});
    const write = (at: number): void => {
      if (at >= bytes.length / 2) half.destroy();
      else half.write(bytes.subarray(at, at + pieceBytes), () => write(at + pieceBytes));
    };
    write(0);
  });
  throw ParleyClientError.of('UNAVAILABLE', 'the connection broke');
}
