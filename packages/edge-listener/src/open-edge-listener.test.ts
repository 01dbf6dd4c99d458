import { describe, expect, it } from '@jest/globals';
import { Recorder } from './contract/recorder.js';
import { openEdgeListener } from './open-edge-listener.js';
import type { EdgeListenerOptions } from './port.js';
import { probeEdgeImplementations } from './probe.js';
import { plainAddress } from './remote-address.js';

const options = (): EdgeListenerOptions => ({
  host: '127.0.0.1',
  port: 0,
  messageBytesMax: 1_000,
  bufferBytesMax: 1_000,
  subprotocols: ['one'],
  events: new Recorder(),
});

describe('openEdgeListener', () => {
  it('takes uWebSockets.js where it loads and says why where it does not', async () => {
    const reasons: string[] = [];
    await using listener = await openEdgeListener(options(), { onFallback: (reason) => reasons.push(reason) });
    const [uws] = probeEdgeImplementations();
    expect(listener.implementation).toBe(uws?.isAvailable === true ? 'uws' : 'ws');
    expect(reasons).toEqual(uws?.isAvailable === true ? [] : [uws?.detail]);
  });

  it('always has ws', async () => {
    expect(probeEdgeImplementations()).toContainEqual({ implementation: 'ws', isAvailable: true, detail: 'ws' });
    await using listener = await openEdgeListener(options(), { implementation: 'ws' });
    expect(listener.implementation).toBe('ws');
  });
});

describe('plainAddress', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['0000:0000:0000:0000:0000:ffff:0a01:0203', '10.1.2.3'],
    ['2001:db8::1', '2001:db8::1'],
  ])('writes %s as %s', (address, plain) => {
    expect(plainAddress(address)).toBe(plain);
  });
});
