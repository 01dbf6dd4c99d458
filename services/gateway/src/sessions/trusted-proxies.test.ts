import { describe, expect, it } from '@jest/globals';
import { TrustedProxies } from './trusted-proxies.js';

const proxies = new TrustedProxies(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32']);

describe('behind proxies', () => {
  it.each([
    ['whoever is no proxy speaks for itself, whatever it says', '203.0.113.5', '198.51.100.1', '203.0.113.5'],
    ['a proxy speaks for its client', '10.1.2.3', '198.51.100.1', '198.51.100.1'],
    [
      'the last that is no proxy counts, not what the client says before it',
      '10.1.2.3',
      '1.1.1.1, 198.51.100.1, 192.0.2.7',
      '198.51.100.1',
    ],
    ['ports are no part of addresses', '192.0.2.7', '198.51.100.1:4711', '198.51.100.1'],
    ['addresses may be those of IPv6', '2001:db8::1', '[2001:dead::5]:80', '2001:dead::5'],
    ['a proxy that says nothing hides its client', '10.1.2.3', '', undefined],
    ['so do proxies alone', '10.1.2.3', '10.9.9.9', undefined],
  ])('%s', (_what, remoteAddress, forwardedFor, client) => {
    expect(proxies.clientOf({ remoteAddress, forwardedFor })).toBe(client);
  });
});
