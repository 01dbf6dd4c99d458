/** What a caller should do about an error. */
export type RetryAdvice = 'never' | 'after-backoff' | 'after-reconnect' | 'after-refresh';

export interface ErrorSpec {
  /** Number on the wire. 1xxx: give up; 2xxx: back off and try again; 3xxx: reconnect; 4xxx: inside the cluster only. */
  readonly code: number;
  readonly retry: RetryAdvice;
  readonly http: number;
  /** Status name of gRPC (grpc.io, "Status codes and their use in gRPC"). */
  readonly grpc: GrpcStatusName;
  /** One sentence for developers. */
  readonly message: string;
}

export type GrpcStatusName =
  | 'INVALID_ARGUMENT'
  | 'UNAUTHENTICATED'
  | 'PERMISSION_DENIED'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'RESOURCE_EXHAUSTED'
  | 'FAILED_PRECONDITION'
  | 'ABORTED'
  | 'UNAVAILABLE'
  | 'DEADLINE_EXCEEDED'
  | 'UNIMPLEMENTED'
  | 'INTERNAL';

const never = 'never';
const backoff = 'after-backoff';
const reconnect = 'after-reconnect';

/** Every error that Parley answers with. docs/errors.md is made from this table. */
export const errorTable = {
  INVALID_FRAME: { code: 1001, retry: never, http: 400, grpc: 'INVALID_ARGUMENT', message: 'The bytes are no valid frame.' },
  INVALID_ARGUMENT: {
    code: 1002,
    retry: never,
    http: 400,
    grpc: 'INVALID_ARGUMENT',
    message: 'A field is missing or has a value that is not allowed.',
  },
  MESSAGE_TOO_LARGE: {
    code: 1003,
    retry: never,
    http: 413,
    grpc: 'INVALID_ARGUMENT',
    message: 'The message is longer than its kind allows.',
  },
  NOT_LOGGED_IN: {
    code: 1004,
    retry: never,
    http: 401,
    grpc: 'UNAUTHENTICATED',
    message: 'The first frame of a connection must be a login.',
  },
  ALREADY_LOGGED_IN: { code: 1005, retry: never, http: 409, grpc: 'FAILED_PRECONDITION', message: 'The connection has logged in before.' },
  UNSUPPORTED: { code: 1006, retry: never, http: 501, grpc: 'UNIMPLEMENTED', message: 'This server does not know the request.' },
  UNAUTHENTICATED: { code: 1010, retry: never, http: 401, grpc: 'UNAUTHENTICATED', message: 'The token or key is not valid.' },
  TOKEN_EXPIRED: { code: 1011, retry: never, http: 401, grpc: 'UNAUTHENTICATED', message: 'The token has expired; log in with a new one.' },
  PERMISSION_DENIED: { code: 1012, retry: never, http: 403, grpc: 'PERMISSION_DENIED', message: 'The user may not do this.' },
  KICKED_OUT: {
    code: 1013,
    retry: never,
    http: 403,
    grpc: 'PERMISSION_DENIED',
    message: 'The session was ended by the server or by another device.',
  },
  CONVERSATION_NOT_FOUND: {
    code: 1020,
    retry: never,
    http: 404,
    grpc: 'NOT_FOUND',
    message: 'There is no such conversation, or the user is not in it.',
  },
  GROUP_NOT_FOUND: { code: 1021, retry: never, http: 404, grpc: 'NOT_FOUND', message: 'There is no such group, or the user is not in it.' },
  ROOM_NOT_FOUND: { code: 1022, retry: never, http: 404, grpc: 'NOT_FOUND', message: 'There is no such room, or the user is not in it.' },
  GROUP_EXISTS: { code: 1023, retry: never, http: 409, grpc: 'ALREADY_EXISTS', message: 'A group with this id exists or existed.' },
  ROOM_EXISTS: { code: 1024, retry: never, http: 409, grpc: 'ALREADY_EXISTS', message: 'A room with this id exists.' },
  GROUP_FULL: {
    code: 1025,
    retry: never,
    http: 409,
    grpc: 'FAILED_PRECONDITION',
    message: 'The group has as many members as it may have.',
  },
  ROOM_FULL: { code: 1026, retry: never, http: 409, grpc: 'FAILED_PRECONDITION', message: 'The room has as many members as it may have.' },
  ROOM_LIMIT_REACHED: {
    code: 1027,
    retry: never,
    http: 409,
    grpc: 'FAILED_PRECONDITION',
    message: 'The user is in as many rooms as one may be.',
  },
  LIMIT_REACHED: {
    code: 1028,
    retry: never,
    http: 409,
    grpc: 'FAILED_PRECONDITION',
    message: 'There are as many of these as there may be.',
  },
  MESSAGE_NOT_FOUND: {
    code: 1029,
    retry: never,
    http: 404,
    grpc: 'NOT_FOUND',
    message: 'There is no such message, it was removed, or the user may not see it.',
  },
  IDEMPOTENCY_CONFLICT: {
    code: 1030,
    retry: never,
    http: 409,
    grpc: 'ABORTED',
    message: 'The same client message id was used for another message.',
  },
  VERSION_CONFLICT: {
    code: 1031,
    retry: never,
    http: 409,
    grpc: 'ABORTED',
    message: 'The state has another version than the one that was asked for.',
  },
  ATTRIBUTE_OWNED: {
    code: 1032,
    retry: never,
    http: 409,
    grpc: 'FAILED_PRECONDITION',
    message: 'The attribute belongs to another user.',
  },
  ATTRIBUTE_INVALID: {
    code: 1033,
    retry: never,
    http: 400,
    grpc: 'INVALID_ARGUMENT',
    message: 'The key or the value of an attribute is too long or empty.',
  },
  ATTRIBUTE_LIMIT_REACHED: {
    code: 1034,
    retry: never,
    http: 409,
    grpc: 'FAILED_PRECONDITION',
    message: 'There are as many attributes, or bytes in them, as there may be.',
  },
  TOO_LATE: {
    code: 1035,
    retry: never,
    http: 409,
    grpc: 'FAILED_PRECONDITION',
    message: 'The time within which this may be done has passed.',
  },
  REQUEST_NOT_FOUND: { code: 1036, retry: never, http: 404, grpc: 'NOT_FOUND', message: 'No such request waits for an answer.' },
  MUTED: { code: 1040, retry: never, http: 403, grpc: 'PERMISSION_DENIED', message: 'The user may not speak in the conversation now.' },
  BANNED: { code: 1041, retry: never, http: 403, grpc: 'PERMISSION_DENIED', message: 'The user is banned from the room.' },
  BLOCKED: { code: 1042, retry: never, http: 403, grpc: 'PERMISSION_DENIED', message: 'One of the two users has blocked the other.' },
  NOT_FRIENDS: { code: 1043, retry: never, http: 403, grpc: 'PERMISSION_DENIED', message: 'The app lets only friends do this.' },
  MEDIA_NOT_FOUND: {
    code: 1050,
    retry: never,
    http: 404,
    grpc: 'NOT_FOUND',
    message: 'There is no such file, or the user may not see it.',
  },
  MEDIA_REFUSED: {
    code: 1051,
    retry: never,
    http: 415,
    grpc: 'INVALID_ARGUMENT',
    message: 'The file is not what was announced: its type, size or checksum differs.',
  },
  RATE_LIMITED: {
    code: 2001,
    retry: backoff,
    http: 429,
    grpc: 'RESOURCE_EXHAUSTED',
    message: 'Too many requests; try again after the given time.',
  },
  OVERLOADED: {
    code: 2002,
    retry: backoff,
    http: 503,
    grpc: 'RESOURCE_EXHAUSTED',
    message: 'The server is over its capacity; try again after the given time.',
  },
  UNAVAILABLE: { code: 2003, retry: backoff, http: 503, grpc: 'UNAVAILABLE', message: 'A part of the server cannot answer now.' },
  TIMEOUT: {
    code: 2004,
    retry: backoff,
    http: 504,
    grpc: 'DEADLINE_EXCEEDED',
    message: 'No answer in time; whether it happened is unknown until the same request is sent again.',
  },
  INTERNAL: { code: 2005, retry: backoff, http: 500, grpc: 'INTERNAL', message: 'The server failed; the fault is in its log.' },
  LOGIN_TIMEOUT: { code: 3001, retry: reconnect, http: 408, grpc: 'DEADLINE_EXCEEDED', message: 'The connection did not log in in time.' },
  HEARTBEAT_TIMEOUT: {
    code: 3002,
    retry: reconnect,
    http: 408,
    grpc: 'DEADLINE_EXCEEDED',
    message: 'The connection was silent for too long.',
  },
  SLOW_CONSUMER: {
    code: 3003,
    retry: reconnect,
    http: 408,
    grpc: 'RESOURCE_EXHAUSTED',
    message: 'The client did not read; come back and resume.',
  },
  DRAINING: {
    code: 3004,
    retry: reconnect,
    http: 503,
    grpc: 'UNAVAILABLE',
    message: 'This server is shutting down; reconnect to another.',
  },
  SESSION_REPLACED: { code: 3005, retry: reconnect, http: 409, grpc: 'ABORTED', message: 'A newer connection has taken the session up.' },
  NOT_OWNER: { code: 4001, retry: 'after-refresh', http: 503, grpc: 'UNAVAILABLE', message: 'Another process owns the partition.' },
} as const satisfies Record<string, ErrorSpec>;

export type ErrorName = keyof typeof errorTable;

const nameByCode = new Map<number, ErrorName>(Object.entries(errorTable).map(([name, spec]) => [spec.code, name as ErrorName]));

/** The error's name, or undefined for a code of another version. */
export const errorNameOf = (code: number): ErrorName | undefined => nameByCode.get(code);

export const errorSpecOf = (name: ErrorName): ErrorSpec => errorTable[name];

/** A refusal that travels to the caller as a value. */
export interface Refusal {
  readonly name: ErrorName;
  /** Names the field and the limit, where there is one. */
  readonly detail?: string;
  readonly retryAfterMs?: number;
}

export const refusal = (name: ErrorName, detail?: string, retryAfterMs?: number): Refusal => ({
  name,
  ...(detail === undefined ? {} : { detail }),
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
});

/** The one exception class that crosses service borders; what a caller may see is in its fields. */
export class ParleyError extends Error {
  override readonly name = 'ParleyError';
  readonly error: ErrorName;
  readonly detail: string;
  readonly retryAfterMs: number;

  constructor(error: ErrorName, detail = '', options: { retryAfterMs?: number; cause?: unknown } = {}) {
    super(detail === '' ? errorTable[error].message : `${errorTable[error].message} (${detail})`, { cause: options.cause });
    this.error = error;
    this.detail = detail;
    this.retryAfterMs = options.retryAfterMs ?? 0;
  }

  get spec(): ErrorSpec {
    return errorTable[this.error];
  }

  /** Turns whatever was thrown into a ParleyError; what is not one becomes INTERNAL and keeps its cause. */
  static from(thrown: unknown): ParleyError {
    return thrown instanceof ParleyError ? thrown : new ParleyError('INTERNAL', '', { cause: thrown });
  }

  static of(refusal: Refusal): ParleyError {
    return new ParleyError(refusal.name, refusal.detail, { retryAfterMs: refusal.retryAfterMs ?? 0 });
  }
}
