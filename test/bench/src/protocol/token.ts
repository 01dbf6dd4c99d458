import { createHmac } from 'node:crypto';

/** What is needed to log users of an app in. */
export interface AppCredentials {
  readonly app: string;
  /** Shared secret of an HS256 key. */
  readonly secret: string;
  readonly kid: string;
}

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Mints a login token (RFC 7519) that lasts a day from `nowMs`, milliseconds since 1970. */
export function mintToken({ app, secret, kid }: AppCredentials, user: string, nowMs: number): string {
  const iat = Math.floor(nowMs / 1000);
  const signed = `${encoded({ alg: 'HS256', typ: 'JWT', kid })}.${encoded({ iss: app, sub: user, iat, exp: iat + 86_400 })}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}
