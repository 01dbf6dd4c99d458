import { createHmac } from 'node:crypto';
import { systemClock } from '@parley/kernel';
import type { DeployedApp } from '@parley/testkit';

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Claims that differ from those of a good token, to see them refused. */
export interface TokenClaims {
  readonly iss?: string;
  /** Seconds since 1970 (UTC). */
  readonly exp?: number;
}

/** A login token (RFC 7519, HS256) as the back end of the app would make it. Lasts an hour. */
export function loginToken({ id, kid, secret }: DeployedApp, user: string, claims: TokenClaims = {}): string {
  const iat = Math.floor(systemClock.now() / 1000);
  const payload = { iss: id, sub: user, iat, exp: iat + 3_600, ...claims };
  const signed = `${encoded({ alg: 'HS256', typ: 'JWT', kid })}.${encoded(payload)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}
