import { describe, expect, it } from '@jest/globals';
import { readGrant, signedPath } from './signed-url.js';

const urlKey = 'k'.repeat(32);
const grant = { app: 'shop', media: 'a'.repeat(26), purpose: 'download', expiresMs: 2_000 } as const;

function read(path: string, nowMs = 1_000, key = urlKey) {
  const url = new URL(path, 'http://localhost');
  const [, , , app = '', media = ''] = url.pathname.split('/');
  return readGrant(key, { app, media }, Object.fromEntries(url.searchParams), nowMs);
}

describe('a signed URL', () => {
  it('grants what it was made for', () => {
    expect(read(signedPath(urlKey, grant))).toEqual(grant);
  });

  it('ends when it said so', () => {
    expect(read(signedPath(urlKey, grant), 1_999)).toEqual(grant);
    expect(read(signedPath(urlKey, grant), 2_000)).toBeUndefined();
  });

  it.each([
    ['another file', (path: string) => path.replace('aaaa', 'baaa')],
    ['another app', (path: string) => path.replace('shop', 'shoq')],
    ['another purpose', (path: string) => path.replace('download', 'upload')],
    ['a later end', (path: string) => path.replace('until=2000', 'until=9000')],
    ['another signature', (path: string) => path.replace(/sign=.{4}/, 'sign=AAAA')],
    ['no signature', (path: string) => path.replace(/&sign=.*/, '')],
    ['two ends', (path: string) => path.replace('until=2000', 'until=x')],
  ])('grants nothing with %s', (_what, change) => {
    expect(read(change(signedPath(urlKey, grant)))).toBeUndefined();
  });

  it('grants nothing by another key', () => {
    expect(read(signedPath(urlKey, grant), 1_000, 'x'.repeat(32))).toBeUndefined();
  });
});
