import { describe, expect, it } from '@jest/globals';
import type { EdgeConnection } from '@parley/edge-listener';
import { defaultPolicy, type Level } from '@parley/lanes';
import { silentTelemetry } from '@parley/telemetry';
import { decodeServerFrames } from '@parley/wire';
import { gatewayLimits } from '../limits.js';
import { createGatewayMetrics } from '../metrics.js';
import { ClientConnection } from '../sessions/client-connection.js';
import type { Session } from '../sessions/session.js';
import { Admission, type AdmissionDeps, type Entry } from './admission.js';
import { type MessageClass, RateLimiter } from './rate-limiter.js';

const edge: EdgeConnection = {
  ...{ subprotocol: '', remoteAddress: '', context: undefined, bufferedBytes: 0 },
  send: () => undefined,
  close: () => undefined,
  terminate: () => undefined,
};
const session: Session = {
  ...{ id: 's', device: 'phone', resumeSecret: '', tokenExpiresMs: 0, isTokenWarned: false, sinceMs: 0, lostAtMs: 0 },
  ...{ connection: undefined, hasMissed: false, lastEventMs: 0 },
  app: { id: 'app', keys: [] },
  user: {
    ...{ app: 'app', id: 'alice', sessions: [], channels: [], entering: undefined, isSubscribed: true, isReady: true },
    ...{ refresh: undefined, waiters: undefined, unusedSinceMs: 0 },
  },
};

function admissionWith(changes: Partial<AdmissionDeps>): Admission {
  return new Admission({
    policies: { policyOf: () => ({ ...defaultPolicy, client: {} }) },
    liveGateways: () => 1,
    rateLimiter: new RateLimiter(gatewayLimits.rates),
    loopLag: { take: () => 0 },
    laneDoors: { take: () => 0 },
    metrics: createGatewayMetrics(silentTelemetry.metrics),
    ...changes,
  });
}

/** What the refusal says; empty where there is none. */
function refusalOf(admission: Admission, level: Level, messageClass: MessageClass): string {
  const entry: Entry = { connection: new ClientConnection(edge, 1, false, 0), session, id: 7, level, messageClass, cost: 1, nowMs: 0 };
  const refused = admission.refuseClient(entry) ?? admission.refuseShared(entry, 'u:alice|bob');
  const body = decodeServerFrames(refused?.bytes ?? new Uint8Array(0)).frames[0]?.body;
  return body?.type === 'error' ? `${body.value.name} ${body.value.retryAfterMs} ${body.value.message}` : '';
}

describe('Admission', () => {
  it('turns away what the gateway is too far behind for, before anything else', () => {
    const admission = admissionWith({ loopLag: { take: (level, isStored) => (level === 'low' ? (isStored ? 700 : 500) : 0) } });
    expect(refusalOf(admission, 'low', 'bullet')).toMatch(/^OVERLOADED 500 .*\(gateway: transient LOW messages\)$/);
    expect(refusalOf(admission, 'low', 'command')).toContain('OVERLOADED');
    expect(refusalOf(admission, 'medium', 'bullet')).toBe('');
    expect(refusalOf(admission, 'low', 'stored')).toMatch(/^OVERLOADED 700 .*\(gateway: LOW messages\)$/);
    expect(refusalOf(admission, 'medium', 'stored')).toBe('');
  });

  it('asks the doors of the lanes for LOW and MEDIUM, stored or not, and never for HIGH', () => {
    const admission = admissionWith({ laneDoors: { take: () => 1_234 } });
    expect(refusalOf(admission, 'low', 'stored')).toMatch(/^OVERLOADED 1300 .*\(router: LOW messages\)$/);
    expect(refusalOf(admission, 'medium', 'stored')).toContain('router: MEDIUM');
    expect(refusalOf(admission, 'low', 'bullet')).toContain('router: LOW');
    expect(refusalOf(admission, 'high', 'stored')).toBe('');
  });
});
