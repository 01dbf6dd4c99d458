import type { AddressInfo } from 'node:net';
import type { NodeTelemetry } from '@parley/telemetry-node';
import { ParleyError } from '@parley/kernel';
import { fastify, type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { createKeyCheck } from './admin-key.js';
import type { JsonCall, JsonDoor } from './json-door.js';
import { isAtMostDeep } from './json-depth.js';
import { runtimeLimits } from './limits.js';
import { readOpenApi } from './openapi-file.js';
import type { Readiness } from './readiness.js';

export interface AdminServerOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Bearer key of the API; without one it is closed. */
  readonly key?: string | undefined;
  readonly readiness: Readiness;
  readonly door: JsonDoor;
  readonly telemetry: NodeTelemetry;
}

/** Health, metrics and the back-end API over HTTP. */
export interface AdminServer extends AsyncDisposable {
  readonly port: number;
}

/** Listens; resolves once the port is taken. */
export async function openAdminServer(options: AdminServerOptions): Promise<AdminServer> {
  const app = fastify({
    bodyLimit: runtimeLimits.apiBodyBytesMax,
    forceCloseConnections: true,
    frameworkErrors: (error, _request, reply) => answerError(reply, errorOfHttp(error)),
  });
  // Bodies are parsed with the call, so that whatever is wrong with them is answered in one way.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error: FastifyError | ParleyError, _request, reply) =>
    answerError(reply, error instanceof ParleyError ? error : errorOfHttp(error)),
  );
  app.setNotFoundHandler((request, reply) => answerError(reply, new ParleyError('UNSUPPORTED', `${request.method} ${pathOf(request)}`)));
  addHealth(app, options);
  addApi(app, options);
  await app.listen({ host: options.host, port: options.port });
  const { port } = app.server.address() as AddressInfo;
  return { port, [Symbol.asyncDispose]: () => app.close() };
}

/** Liveness says that the process runs; readiness, that traffic may come. */
function addHealth(app: FastifyInstance, { readiness, telemetry }: AdminServerOptions): void {
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const reasons = await readiness.reasons();
    const isReady = Object.keys(reasons).length === 0;
    return reply.code(isReady ? 200 : 503).send({ status: isReady ? 'ready' : 'not ready', reasons });
  });
  app.get('/metrics', async (_request, reply) => reply.type(telemetry.metricsContentType).send(await telemetry.readMetrics()));
}

interface ApiRoute {
  readonly Params: { readonly service: string; readonly method: string };
}

function addApi(app: FastifyInstance, { key, door, telemetry }: AdminServerOptions): void {
  const checkKey = createKeyCheck(key);
  const calls = telemetry.metrics.counter('parley_api_calls_total', 'Calls of the back-end API.', ['call', 'error']);
  const answer = async (request: FastifyRequest<ApiRoute>, reply: FastifyReply): Promise<FastifyReply> => {
    let call: JsonCall | undefined;
    try {
      checkKey(request.headers.authorization);
      call = door.find(request.params.service, request.params.method);
      const response = await call.call(parseBody(request.body), { timeoutMs: runtimeLimits.apiTimeoutMs, ...callerOf(request, reply) });
      calls.add(1, call.name, '');
      return await reply.header('cache-control', 'no-store').send(response);
    } catch (thrown) {
      const error = ParleyError.from(thrown);
      calls.add(1, call?.name ?? '', error.error);
      if (!(thrown instanceof ParleyError)) telemetry.logger.error('a call of the API failed unexpectedly', { call: call?.name }, thrown);
      return answerError(reply, error);
    }
  };
  // What can be called is no secret: it is what the contracts say.
  app.get('/v1/openapi.json', async (_request, reply) => reply.type('application/json; charset=utf-8').send(await readOpenApi()));
  app.post<ApiRoute>('/v1/:service/:method', answer);
  app.post<ApiRoute>('/:service/:method', answer);
}

/** The caller's trace, and a signal that is aborted when it hangs up. */
function callerOf(request: FastifyRequest<ApiRoute>, reply: FastifyReply): { readonly trace: string; readonly signal: AbortSignal } {
  const hungUp = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) hungUp.abort();
  });
  const { traceparent } = request.headers;
  return { trace: typeof traceparent === 'string' ? traceparent : '', signal: hungUp.signal };
}

/** No body is an empty request. */
function parseBody(body: unknown): unknown {
  if (typeof body !== 'string' || body.trim() === '') return {};
  const value = parsed(body);
  // Whoever reads it calls itself for each level.
  if (isAtMostDeep(value, runtimeLimits.apiBodyDepthMax)) return value;
  throw new ParleyError('INVALID_ARGUMENT', `a body is nested at most ${runtimeLimits.apiBodyDepthMax} deep`);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new ParleyError('INVALID_ARGUMENT', `the body is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function errorOfHttp(error: FastifyError): ParleyError {
  if (error.statusCode === 413) return new ParleyError('MESSAGE_TOO_LARGE', `a body has at most ${runtimeLimits.apiBodyBytesMax} bytes`);
  if (error.statusCode !== undefined && error.statusCode < 500) return new ParleyError('INVALID_ARGUMENT', error.message);
  return new ParleyError('INTERNAL', '', { cause: error });
}

function answerError(reply: FastifyReply, { error: name, spec, detail, retryAfterMs }: ParleyError): FastifyReply {
  if (retryAfterMs > 0) reply.header('retry-after', Math.ceil(retryAfterMs / 1_000));
  if (spec.http === 401) reply.header('www-authenticate', 'Bearer');
  const { code, message, retry } = spec;
  return reply.code(spec.http).header('cache-control', 'no-store').send({ error: { name, code, message, detail, retry, retryAfterMs } });
}

const pathOf = (request: FastifyRequest): string => request.url.split('?')[0] ?? '';
