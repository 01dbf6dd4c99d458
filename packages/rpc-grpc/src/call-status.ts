import { Metadata, status, type StatusObject } from '@grpc/grpc-js';
import { errorNameOf, errorSpecOf, ParleyError, type ErrorName } from '@parley/kernel';
import { grpcLimits } from './limits.js';

const codeKey = 'parley-code';
const retryKey = 'parley-retry-after-ms';
/** Binary, because headers are ASCII only. */
const detailKey = 'parley-detail-bin';

/** A refusal as gRPC status; name, detail and retry time travel in the trailers. */
export function statusOf(error: ParleyError): StatusObject {
  const metadata = new Metadata();
  metadata.set(codeKey, String(error.spec.code));
  if (error.retryAfterMs > 0) metadata.set(retryKey, String(error.retryAfterMs));
  if (error.detail !== '') metadata.set(detailKey, Buffer.from(error.detail.slice(0, grpcLimits.detailCharsMax)));
  return { code: status[error.spec.grpc], details: errorSpecOf(error.error).message, metadata };
}

/** The error that a status stands for; a peer's own refusal if it is one. */
export function errorOfStatus(received: StatusObject): ParleyError {
  const code = Number(received.metadata.get(codeKey)[0] ?? 0);
  if (code === 0) return transportError(received);
  const detail = received.metadata.get(detailKey)[0];
  const name = errorNameOf(code) ?? nameByStatus.get(received.code) ?? 'INTERNAL';
  return new ParleyError(name, detail === undefined ? '' : detail.toString(), {
    retryAfterMs: Number(received.metadata.get(retryKey)[0] ?? 0),
  });
}

const nameByStatus: ReadonlyMap<status, ErrorName> = new Map([
  [status.INVALID_ARGUMENT, 'INVALID_ARGUMENT'],
  [status.UNAUTHENTICATED, 'UNAUTHENTICATED'],
  [status.PERMISSION_DENIED, 'PERMISSION_DENIED'],
  [status.RESOURCE_EXHAUSTED, 'OVERLOADED'],
  [status.UNIMPLEMENTED, 'UNSUPPORTED'],
  [status.UNAVAILABLE, 'UNAVAILABLE'],
  [status.DEADLINE_EXCEEDED, 'TIMEOUT'],
  [status.CANCELLED, 'TIMEOUT'],
]);

/** What gRPC says when there was no connection or the peer refused the stream: no handler has seen the call. */
const neverSent = /^(No connection established|Name resolution failed|Channel closed before call started|Stream refused by server)/;
const tooLarge = /larger than max/i;

/** A status that gRPC made by itself. A connection that broke under a call leaves its outcome unknown. */
function transportError({ code, details }: StatusObject): ParleyError {
  if (code === status.UNAVAILABLE && !neverSent.test(details)) return new ParleyError('TIMEOUT', `the connection broke: ${details}`);
  if (code === status.RESOURCE_EXHAUSTED && tooLarge.test(details)) return new ParleyError('MESSAGE_TOO_LARGE', details);
  return new ParleyError(nameByStatus.get(code) ?? 'INTERNAL', details);
}
