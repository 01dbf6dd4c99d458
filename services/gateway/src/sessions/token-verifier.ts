import { type Clock, isAppId, isUserId, ok, refusal, type Refusal, refused, type Result } from '@parley/kernel';
import { createDecoder, createVerifier } from 'fast-jwt';
import type { GatewayApp, TokenKey } from '../ports.js';

export interface VerifiedToken {
  readonly app: GatewayApp;
  readonly user: string;
  /** Milliseconds since 1970 (UTC). */
  readonly expiresMs: number;
}

export interface TokenVerifierDeps {
  readonly appOf: (id: string) => GatewayApp | undefined;
  readonly clock: Clock;
  readonly tokenLifetimeMsMax: number;
}

/** What a token says, before anything of it has been checked: each may be anything that JSON can hold. */
interface Claims {
  readonly iss?: unknown;
  readonly sub?: unknown;
  readonly exp?: unknown;
  readonly iat?: unknown;
  readonly nbf?: unknown;
}
interface DecodedToken {
  readonly header: { readonly kid?: unknown };
  readonly payload: Claims;
}
interface Times {
  readonly exp: number;
  readonly iat: number;
  readonly nbf: number | undefined;
}
/** Throws for a token whose signature is not the key's. */
type CheckSignature = (token: string) => unknown;

const clockToleranceMs = 5_000;
const decode: (token: string) => DecodedToken = createDecoder({ complete: true });

/**
 * Checks login tokens: JWT (RFC 7519) signed by a key of the app that `iss` names, `sub` is the user. Each key
 * is used with its own algorithm only, whatever the token's header says (RFC 8725, 3.1). Every fault is answered
 * alike, but for TOKEN_EXPIRED, which only a holder of a once valid token can see.
 */
export class TokenVerifier {
  readonly #deps: TokenVerifierDeps;
  readonly #signatureChecks = new WeakMap<TokenKey, CheckSignature>();

  constructor(deps: TokenVerifierDeps) {
    this.#deps = deps;
  }

  verify(token: string): Result<VerifiedToken, Refusal> {
    try {
      return this.#verify(token);
    } catch {
      return refused(refusal('UNAUTHENTICATED'));
    }
  }

  #verify(token: string): Result<VerifiedToken, Refusal> {
    const { header, payload } = decode(token);
    const app = typeof payload.iss === 'string' && isAppId(payload.iss) ? this.#deps.appOf(payload.iss) : undefined;
    const key = app?.keys.find((candidate) => candidate.id === header.kid);
    if (app === undefined || key === undefined) return refused(refusal('UNAUTHENTICATED'));
    this.#signatureCheckOf(key)(token);
    const { sub, exp, iat, nbf } = payload;
    const isComplete = typeof sub === 'string' && isTime(exp) && isTime(iat) && (nbf === undefined || isTime(nbf));
    if (!isComplete || !isUserId(sub)) return refused(refusal('UNAUTHENTICATED'));
    const fault = this.#faultOfTimes({ exp, iat, nbf });
    return fault === undefined ? ok({ app, user: sub, expiresMs: exp * 1_000 }) : refused(refusal(fault));
  }

  /** The times of a token are seconds since 1970, perhaps with fractions (RFC 7519, 2). */
  #faultOfTimes({ exp, iat, nbf }: Times): 'UNAUTHENTICATED' | 'TOKEN_EXPIRED' | undefined {
    const { clock, tokenLifetimeMsMax } = this.#deps;
    const nowMs = clock.now();
    const begunMs = nowMs + clockToleranceMs;
    if (nbf !== undefined && nbf * 1_000 > begunMs) return 'UNAUTHENTICATED';
    if (exp * 1_000 <= nowMs - clockToleranceMs) return 'TOKEN_EXPIRED';
    return iat * 1_000 <= begunMs && (exp - iat) * 1_000 <= tokenLifetimeMsMax ? undefined : 'UNAUTHENTICATED';
  }

  #signatureCheckOf(key: TokenKey): CheckSignature {
    const known = this.#signatureChecks.get(key);
    if (known !== undefined) return known;
    // It knows no clock but the machine's, so the times are checked here.
    const options = { algorithms: [key.algorithm], ignoreExpiration: true, ignoreNotBefore: true };
    const check: CheckSignature = createVerifier({ key: key.key, ...options });
    this.#signatureChecks.set(key, check);
    return check;
  }
}

const isTime = (claim: unknown): claim is number => typeof claim === 'number' && Number.isFinite(claim);
