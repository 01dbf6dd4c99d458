import { createHash, timingSafeEqual } from 'node:crypto';
import { ParleyError } from '@parley/kernel';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * Checks the Authorization header (RFC 6750, section 2.1); throws UNAUTHENTICATED, or PERMISSION_DENIED when no
 * key is configured. Digests are compared, so the time says nothing about the key or its length.
 */
export function createKeyCheck(key: string | undefined): (authorization: string | undefined) => void {
  if (key === undefined) {
    return () => {
      throw new ParleyError('PERMISSION_DENIED', 'the API is closed: admin.key is not set');
    };
  }
  const expected = digest(key);
  return (authorization = '') => {
    const given = /^bearer +(.*)$/i.exec(authorization)?.[1] ?? '';
    if (!timingSafeEqual(digest(given), expected)) throw new ParleyError('UNAUTHENTICATED');
  };
}
