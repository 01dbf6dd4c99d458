import type { AddressInfo } from 'node:net';
import { ParleyError } from '@parley/kernel';
import { fastify, type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { MediaEvents } from '../events.js';
import { mediaLimits } from '../limits.js';
import type { MediaDeps, MediaKey } from '../ports.js';
import type { Serial } from '../serial.js';
import { readGrant, type UrlPurpose } from '../signed-url.js';
import { sendFile } from './send-file.js';
import { answerOffset, takeBytes, tusHeaders } from './tus.js';

export interface MediaServerOptions extends Pick<MediaDeps, 'store' | 'urlKey' | 'clock' | 'telemetry'> {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Shared with the calls: what is done to one file comes one at a time. */
  readonly serial: Serial;
  readonly events: MediaEvents;
}

export interface MediaServer extends AsyncDisposable {
  readonly port: number;
}

interface FileRoute {
  readonly Params: MediaKey;
  readonly Querystring: Readonly<Record<string, unknown>>;
}

type FileRequest = FastifyRequest<FileRoute>;

/** Takes uploads and gives out files, both by signed URLs. Resolves once the port is taken. */
export async function openMediaServer(options: MediaServerOptions): Promise<MediaServer> {
  const app = fastify({
    forceCloseConnections: true,
    requestTimeout: mediaLimits.requestMs,
    connectionTimeout: mediaLimits.silentMs,
    routerOptions: { maxParamLength: 64 },
  });
  // Bodies are read by whoever takes them, as they come.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, body, done) => done(null, body));
  app.addHook('onRequest', async (_request, reply) => void reply.headers(openHeaders));
  app.setErrorHandler((error: FastifyError | ParleyError, request, reply) => {
    // Whoever breaks the connection in the middle of an upload goes on later, and hears nothing now.
    const isCut = request.raw.errored === error;
    return answerError(options, reply, isCut ? new ParleyError('UNAVAILABLE', 'the connection broke') : error);
  });
  app.setNotFoundHandler((_request, reply) => answerError(options, reply, new ParleyError('MEDIA_NOT_FOUND')));
  addRoutes(app, options);
  await app.listen({ host: options.host, port: options.port });
  const { port } = app.server.address() as AddressInfo;
  return { port, [Symbol.asyncDispose]: () => app.close() };
}

function addRoutes(app: FastifyInstance, options: MediaServerOptions): void {
  const path = '/media/v1/:app/:media';
  const grantOf = ({ params, query }: FileRequest, purpose: UrlPurpose): MediaKey => {
    const grant = readGrant(options.urlKey, params, query, options.clock.now());
    if (grant?.purpose !== purpose) throw new ParleyError('PERMISSION_DENIED', 'the URL is not valid, or no longer');
    return { app: grant.app, media: grant.media };
  };
  app.options<FileRoute>(path, async (_request, reply) => reply.headers(tusHeaders).code(204).send());
  app.patch<FileRoute>(path, async (request, reply) => takeBytes(options, request, reply, grantOf(request, 'upload')));
  app.head<FileRoute>(path, async (request, reply) => {
    if (request.query['for'] === 'upload') return answerOffset(options, reply, grantOf(request, 'upload'));
    return sendFile(options, request, reply, grantOf(request, 'download'));
  });
  app.get<FileRoute>(path, async (request, reply) => sendFile(options, request, reply, grantOf(request, 'download')));
}

/** Whoever has the URL may use it, from whatever page: it carries its permission itself, no cookies count. */
const openHeaders = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, HEAD, PATCH, OPTIONS',
  'access-control-allow-headers': 'content-type, range, tus-resumable, upload-offset',
  'access-control-expose-headers': 'tus-resumable, upload-offset, upload-length, content-range, content-length, accept-ranges',
  'access-control-max-age': '86400',
  'cross-origin-resource-policy': 'cross-origin',
  'x-content-type-options': 'nosniff',
} as const;

function answerError({ telemetry, events }: MediaServerOptions, reply: FastifyReply, thrown: FastifyError | ParleyError): FastifyReply {
  const error = thrown instanceof ParleyError ? thrown : errorOfHttp(thrown);
  if (error.error === 'INTERNAL') telemetry.logger.error('a request for a file failed unexpectedly', {}, thrown);
  events.failed(error);
  const { code, message, http, retry } = error.spec;
  const { detail, retryAfterMs } = error;
  if (retryAfterMs > 0) reply.header('retry-after', Math.ceil(retryAfterMs / 1_000));
  return reply
    .code(http)
    .header('cache-control', 'no-store')
    .send({ error: { name: error.error, code, message, detail, retry } });
}

function errorOfHttp(error: FastifyError): ParleyError {
  if (error.statusCode !== undefined && error.statusCode < 500) return new ParleyError('INVALID_ARGUMENT', error.message);
  return new ParleyError('INTERNAL', '', { cause: error });
}
