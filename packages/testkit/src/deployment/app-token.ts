import { createHmac } from 'node:crypto';
import { systemClock } from '@parley/kernel';
import type { DeployedApp } from './deployment.js';

const anHour = 3_600;

/** Claims that differ from those of a good token, to see them refused. */
export interface TokenClaims {
  readonly iss?: string;
  /** Seconds since 1970 (UTC). */
  readonly exp?: number;
}

/** A login token (JWT, RFC 7519) as the app's back end would make it. It begins now and lasts an hour. */
export function appToken({ id, kid, secret }: DeployedApp, user: string, claims: TokenClaims = {}): string {
  const iat = Math.floor(systemClock.now() / 1_000);
  const header = encodeJson({ alg: 'HS256', typ: 'JWT', kid });
  const signed = `${header}.${encodeJson({ iss: id, sub: user, iat, exp: iat + anHour, ...claims })}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

const encodeJson = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
