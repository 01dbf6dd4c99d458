import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DeadlineWheel } from './deadline-wheel.js';
import { HandshakeGuard } from './handshake-guard.js';

describe('DeadlineWheel', () => {
  it('visits every item when it is due or a little later, never long before the wheel’s reach', () => {
    const due = fc.integer({ min: 1, max: 20_000 });
    fc.assert(
      fc.property(fc.array(due, { minLength: 1, maxLength: 20 }), fc.integer({ min: 100, max: 3_000 }), (dues, stepMs) => {
        const wheel = new DeadlineWheel<number>({ slotMs: 1_000, slots: 4, nowMs: 0 });
        for (const dueMs of dues) wheel.add(dueMs, dueMs);
        const done = new Map<number, number>();
        for (let nowMs = 0; nowMs <= 40_000; nowMs += stepMs) {
          wheel.turn(nowMs, (dueMs) => {
            if (dueMs > nowMs) return dueMs;
            done.set(dueMs, nowMs);
            return undefined;
          });
        }
        return dues.every((dueMs) => (done.get(dueMs) ?? Number.POSITIVE_INFINITY) <= dueMs + 1_000 + stepMs);
      }),
    );
  });

  it('visits everything once after a long pause', () => {
    const wheel = new DeadlineWheel<string>({ slotMs: 1_000, slots: 4, nowMs: 0 });
    for (const item of ['a', 'b', 'c']) wheel.add(item, item.charCodeAt(0));
    const visited: string[] = [];
    wheel.turn(1_000_000, (item) => {
      visited.push(item);
      return undefined;
    });
    expect(visited).toEqual(['a', 'b', 'c']);
  });
});

describe('HandshakeGuard', () => {
  const request = { remoteAddress: '10.0.0.1', origin: '', forwardedFor: '', path: '/' };
  const guardOf = () =>
    new HandshakeGuard({
      ...{ origins: undefined, unlimitedAddresses: ['10.0.0.9'], trustedProxies: ['10.0.0.8'] },
      perAddress: { perSecond: 1, burst: 2 },
    });

  it('holds each address to its rate', () => {
    const guard = guardOf();
    expect([0, 0, 0, 1_000].map((nowMs) => guard.check(request, nowMs))).toEqual([undefined, undefined, 429, undefined]);
    expect(guard.check({ ...request, remoteAddress: '10.0.0.2' }, 0)).toBeUndefined();
  });

  it('does not forgive by forgetting at once', () => {
    const guard = guardOf();
    for (let i = 0; i < 2; i++) guard.check(request, 0);
    guard.turn();
    expect(guard.check(request, 0)).toBe(429);
  });

  it('holds clients behind a trusted proxy to a rate each, and not the proxy', () => {
    const guard = guardOf();
    const behind = (client: string) => guard.check({ ...request, remoteAddress: '10.0.0.8', forwardedFor: client }, 0);
    const of = (client: string) => [1, 2, 3].map(() => behind(client));
    expect([of('192.0.2.1'), of('192.0.2.2')]).toEqual([
      [undefined, undefined, 429],
      [undefined, undefined, 429],
    ]);
    expect(Array.from({ length: 9 }, () => behind(''))).toEqual(Array(9).fill(undefined));
  });

  it('does not limit some addresses', () => {
    const guard = guardOf();
    const statuses = Array.from({ length: 10 }, () => guard.check({ ...request, remoteAddress: '10.0.0.9' }, 0));
    expect(new Set(statuses)).toEqual(new Set([undefined]));
  });
});
