import { type Clock, isAppId, isUserId, ok, refusal, type Refusal, refused, type Result } from '@parley/kernel';
import { decodeJwt, decodeProtectedHeader, errors, importSPKI, jwtVerify } from 'jose';
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

type ImportedKey = Awaited<ReturnType<typeof importSPKI>>;

const clockToleranceSeconds = 5;

/**
 * Checks login tokens: JWT (RFC 7519) signed by a key of the app that `iss` names, `sub` is the user. Each key
 * is used with its own algorithm only, whatever the token's header says. Every fault is answered alike, but
 * for TOKEN_EXPIRED, which only a holder of a once valid token can see.
 */
export class TokenVerifier {
  readonly #deps: TokenVerifierDeps;
  readonly #imported = new WeakMap<TokenKey, Promise<ImportedKey>>();

  constructor(deps: TokenVerifierDeps) {
    this.#deps = deps;
  }

  async verify(token: string): Promise<Result<VerifiedToken, Refusal>> {
    try {
      return await this.#verify(token);
    } catch (error) {
      return refused(refusal(error instanceof errors.JWTExpired ? 'TOKEN_EXPIRED' : 'UNAUTHENTICATED'));
    }
  }

  async #verify(token: string): Promise<Result<VerifiedToken, Refusal>> {
    const { kid } = decodeProtectedHeader(token);
    const { iss } = decodeJwt(token);
    const app = iss !== undefined && isAppId(iss) ? this.#deps.appOf(iss) : undefined;
    const key = app?.keys.find((candidate) => candidate.id === kid);
    if (app === undefined || key === undefined) return refused(refusal('UNAUTHENTICATED'));
    const nowMs = this.#deps.clock.now();
    const { payload } = await jwtVerify(token, await this.#import(key), {
      algorithms: [key.algorithm],
      issuer: app.id,
      requiredClaims: ['sub', 'exp', 'iat'],
      currentDate: new Date(nowMs),
      clockTolerance: clockToleranceSeconds,
    });
    const { sub = '', exp = 0, iat = 0 } = payload;
    // Claims are what somebody else wrote: `sub` may be anything that JSON can hold.
    const isAcceptable =
      typeof sub === 'string' &&
      isUserId(sub) &&
      (exp - iat) * 1_000 <= this.#deps.tokenLifetimeMsMax &&
      iat <= nowMs / 1_000 + clockToleranceSeconds;
    return isAcceptable ? ok({ app, user: sub, expiresMs: exp * 1_000 }) : refused(refusal('UNAUTHENTICATED'));
  }

  #import(key: TokenKey): Promise<ImportedKey> {
    const known = this.#imported.get(key);
    if (known !== undefined) return known;
    const imported = importKey(key);
    this.#imported.set(key, imported);
    return imported;
  }
}

function importKey(key: TokenKey): Promise<ImportedKey> {
  if (key.algorithm !== 'HS256') return importSPKI(key.key, key.algorithm);
  const secret = new TextEncoder().encode(key.key);
  return crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
}
