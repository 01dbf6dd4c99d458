import { type ErrorName, errorNameOf, errorTable, type RetryAdvice } from '@parley/kernel';
import type { Error as ErrorFrame } from '@parley/wire';

/** The one error class of the SDK. `name` and `code` are those of docs/errors.md. */
export class ParleyClientError extends Error {
  /** Stable name, for instance `RATE_LIMITED`. */
  override readonly name: string;
  readonly code: number;
  readonly retry: RetryAdvice;
  /** Wait at least this long before trying again; 0 when the server said nothing. */
  readonly retryAfterMs: number;

  constructor(fields: { name: string; code: number; retry: RetryAdvice; message: string; retryAfterMs?: number; cause?: unknown }) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.name = fields.name;
    this.code = fields.code;
    this.retry = fields.retry;
    this.retryAfterMs = fields.retryAfterMs ?? 0;
  }

  /** Whether the same request may succeed later. */
  get retryable(): boolean {
    return this.retry !== 'never';
  }

  /** An error that the SDK itself found. */
  static of(name: ErrorName, detail = '', cause?: unknown): ParleyClientError {
    const { code, retry, message } = errorTable[name];
    return new ParleyClientError({ name, code, retry, message: detail === '' ? message : `${message} (${detail})`, cause });
  }

  /** An error that the server answered with; an unknown code is judged by its range. */
  static fromFrame(frame: ErrorFrame): ParleyClientError {
    const known = errorNameOf(frame.code);
    return new ParleyClientError({
      name: known ?? (frame.name === '' ? `CODE_${frame.code}` : frame.name),
      code: frame.code,
      retry: known === undefined ? retryByRange(frame.code) : errorTable[known].retry,
      message: frame.message,
      retryAfterMs: frame.retryAfterMs,
    });
  }

  /** Whatever was thrown, as an error of this class. */
  static from(thrown: unknown): ParleyClientError {
    if (thrown instanceof ParleyClientError) return thrown;
    return ParleyClientError.of('INTERNAL', thrown instanceof Error ? thrown.message : String(thrown), thrown);
  }
}

function retryByRange(code: number): RetryAdvice {
  if (code >= 3000 && code < 4000) return 'after-reconnect';
  return code >= 2000 && code < 3000 ? 'after-backoff' : 'never';
}
