import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { readOptions } from './options.js';
import { mintToken } from './protocol/token.js';
import { edgeAddressOf } from './server/server-under-test.js';
import { localAddressOf } from './workloads/open-clients.js';

describe('the command line', () => {
  it('keeps what was given apart from defaults', () => {
    const options = readOptions(['direct', '--rate', '1000', '--in-flight', '8', '--pids', '1,2', '--node=--trace-gc']);
    expect(options).toMatchObject({
      workload: 'direct',
      settings: [{ rate: 1000, inFlight: 8 }],
      against: [],
      repeat: 3,
      pids: [1, 2],
      nodeArguments: ['--trace-gc'],
    });
  });

  it('runs every combination of members and rates', () => {
    const { settings, against } = readOptions(['room', '--members', '3000,10000', '--rate', '1,50', '--against', 'nats,ejabberd']);
    expect(settings.map(({ rate, members }) => `${members} at ${rate}`)).toEqual(['3000 at 1', '10000 at 1', '3000 at 50', '10000 at 50']);
    expect(against).toEqual(['nats', 'ejabberd']);
  });

  it('refuses what it does not understand', () => {
    expect(() => readOptions(['direct', '--rate', 'fast'])).toThrow('--rate: expected a whole number');
    expect(() => readOptions(['direct', '--speed', '1'])).toThrow('--speed');
    expect(() => readOptions(['direct', '--pairs', '1,2'])).toThrow('--pairs: expected a whole number');
  });
});

describe('a token', () => {
  it('is a JWT that the key of the app signs', () => {
    const [header = '', claims = '', signature] = mintToken({ app: 'shop', secret: 's', kid: 'k1' }, 'ann', 1_000_000).split('.');
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({ alg: 'HS256', typ: 'JWT', kid: 'k1' });
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toEqual({ iss: 'shop', sub: 'ann', iat: 1_000, exp: 87_400 });
    expect(signature).toBe(createHmac('sha256', 's').update(`${header}.${claims}`).digest('base64url'));
  });
});

describe('addresses', () => {
  it('are taken apart', () => {
    expect(edgeAddressOf('ws://127.0.0.1:7700')).toEqual({ host: '127.0.0.1', port: 7700, path: '/' });
    expect(() => edgeAddressOf('wss://x')).toThrow('ws://');
  });

  it('of the generator stay on the loopback interface and change every fifty connections', () => {
    const addresses = new Set(Array.from({ length: 100_000 }, (_, n) => localAddressOf(n)));
    expect(addresses.size).toBe(2_000);
    for (const address of addresses)
      expect(address).toMatch(/^127\.1\.([0-9]|[1-9]\d|1\d\d|2[0-3]\d)\.([1-9]|[1-9]\d|1\d\d|2[0-4]\d|250)$/);
  });
});
