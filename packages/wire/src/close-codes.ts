import type { ErrorName } from '@parley/kernel';

/**
 * WebSocket close codes (RFC 6455, 7.4.2: 4000–4999 are for applications). The hundreds say what to do:
 * 41xx give up, 42xx back off, 43xx reconnect.
 */
export const closeCodes = {
  INVALID_FRAME: 4101,
  UNAUTHENTICATED: 4102,
  TOKEN_EXPIRED: 4103,
  KICKED_OUT: 4104,
  NOT_LOGGED_IN: 4105,
  RATE_LIMITED: 4201,
  OVERLOADED: 4202,
  INTERNAL: 4203,
  LOGIN_TIMEOUT: 4301,
  HEARTBEAT_TIMEOUT: 4302,
  SLOW_CONSUMER: 4303,
  DRAINING: 4304,
  SESSION_REPLACED: 4305,
} as const satisfies Partial<Record<ErrorName, number>>;

export type CloseReason = keyof typeof closeCodes;

/** Subprotocols (Sec-WebSocket-Protocol) in order of preference: protobuf, proto-JSON text. */
export const subprotocols = { proto: 'parley.v1.proto', json: 'parley.v1.json' } as const;
