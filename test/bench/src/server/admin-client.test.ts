import { describe, expect, it } from '@jest/globals';
import { retryAfterMs } from './admin-client.js';

const refused = (retry: string, after: string): string =>
  JSON.stringify({ error: { name: 'OVERLOADED', code: 2002, message: '', detail: '', retry, retryAfterMs: after } });

describe('a refused call of the back-end API', () => {
  it('is repeated when the server says that later will do, not before the time it names', () => {
    expect(retryAfterMs(refused('after-backoff', '1500'))).toBe(1_500);
    expect(retryAfterMs(refused('after-refresh', '0'))).toBe(200);
  });

  it('is not repeated when the server says never, or says nothing', () => {
    expect(retryAfterMs(refused('never', '1500'))).toBeUndefined();
    expect(retryAfterMs('<html>')).toBeUndefined();
  });
});
