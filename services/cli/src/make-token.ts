import { createPrivateKey, type KeyObject } from 'node:crypto';
import { isAppId, isUserId, limits } from '@parley/kernel';
import { createSigner } from 'fast-jwt';
import { UsageError } from './output.js';

export interface TokenRequest {
  readonly app: string;
  readonly user: string;
  /** A shared secret, or a private key in PEM. */
  readonly key: string;
  /** Which of the app's keys it is. */
  readonly kid: string;
  /** At most 24 days. */
  readonly lifetimeSeconds: number;
  /** Seconds since 1970 (UTC). */
  readonly nowSeconds: number;
}

type Algorithm = 'HS256' | 'EdDSA' | 'ES256' | 'RS256';

/** Makes a login token as an application's back end would. Throws UsageError for what no server would accept. */
export function makeToken(request: TokenRequest): string {
  const { app, user, key, kid, lifetimeSeconds, nowSeconds } = request;
  if (!isAppId(app)) throw new UsageError(`not an app id: ${JSON.stringify(app)} (1–64 of A-Z a-z 0-9 _ - .)`);
  if (!isUserId(user)) throw new UsageError(`not a user id: ${JSON.stringify(user)} (1–32 of A-Z a-z 0-9 _ - .)`);
  if (!(lifetimeSeconds > 0) || lifetimeSeconds * 1000 > limits.tokenLifetimeMsMax) {
    throw new UsageError('a token lasts from 1 second to 24 days');
  }
  const { algorithm, secret } = signingKey(key);
  const sign = createSigner({ key: secret, algorithm, ...(kid === '' ? {} : { kid }) });
  return sign({ iss: app, sub: user, iat: nowSeconds, exp: nowSeconds + lifetimeSeconds });
}

function signingKey(key: string): { readonly algorithm: Algorithm; readonly secret: string } {
  if (!key.includes('-----BEGIN')) return { algorithm: 'HS256', secret: key };
  const privateKey = readPem(key);
  const secret = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  switch (privateKey.asymmetricKeyType) {
    case 'ed25519':
      return { algorithm: 'EdDSA', secret };
    case 'rsa':
      return { algorithm: 'RS256', secret };
    case 'ec':
      if (privateKey.asymmetricKeyDetails?.namedCurve === 'prime256v1') return { algorithm: 'ES256', secret };
      break;
    default:
  }
  throw new UsageError('the key must be Ed25519, EC P-256 or RSA');
}

function readPem(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw new UsageError(`the key is no private key in PEM: ${(error as Error).message}`);
  }
}

/** Seconds of `90`, `15m`, `2h`, `7d`. */
export function parseLifetime(text: string): number {
  const match = /^(\d+)([smhd]?)$/.exec(text);
  const units: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3_600, d: 86_400 };
  const unit = units[match?.[2] ?? ''];
  if (match === null || unit === undefined) throw new UsageError(`not a duration: ${text} (90, 15m, 2h, 7d)`);
  return Number(match[1]) * unit;
}
