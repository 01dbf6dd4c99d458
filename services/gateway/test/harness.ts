import { type CancelTimer, type Clock, seededRandom, systemClock } from '@parley/kernel';
import { silentTelemetry } from '@parley/telemetry';
import { type ConversationEventInit, encodeContent, encodeConversationEvent } from '@parley/wire';
import { exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { createGatewayService, type GatewayApp, type GatewayDeps, type GatewayService } from '../src/index.js';
import { FakeRouter } from './fake-router.js';
import { FakeHistory, fakeGroup, fakeRoom } from './fake-services.js';
import { TestClient } from './test-client.js';

export const secret = 'a secret of at least thirty-two bytes';
export const pair = await generateKeyPair('ES256', { extractable: true });
export const publicPem = await exportSPKI(pair.publicKey);

export const app: GatewayApp = {
  id: 'app',
  keys: [
    { id: 'k1', algorithm: 'HS256', key: secret },
    { id: 'k2', algorithm: 'ES256', key: publicPem },
  ],
};
export const otherApp: GatewayApp = { id: 'other', keys: [{ id: 'k1', algorithm: 'HS256', key: `${secret}, of the other app` }] };

export interface TokenOptions {
  readonly app?: string;
  readonly kid?: string;
  readonly secret?: string;
  /** Seconds from now. */
  readonly issued?: number;
  readonly expires?: number;
}

export function tokenOf(user: string, options: TokenOptions = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  return new SignJWT({})
    .setProtectedHeader({ alg: 'HS256', kid: options.kid ?? 'k1' })
    .setIssuer(options.app ?? 'app')
    .setSubject(user)
    .setIssuedAt(now + (options.issued ?? 0))
    .setExpirationTime(now + (options.expires ?? 3_600))
    .sign(new TextEncoder().encode(options.secret ?? secret));
}

/** The machine's clock, which a test can put forward. Timers that become due fire at once. */
export class SkippingClock implements Clock {
  #aheadMs = 0;
  readonly #timers = new Set<{ dueMs: number; fire: () => void }>();

  now = (): number => systemClock.now() + this.#aheadMs;
  monotonic = (): number => systemClock.monotonic() + this.#aheadMs;

  setTimer = (delayMs: number, action: () => void): CancelTimer => {
    const fire = (): void => {
      cancel();
      action();
    };
    const timer = { dueMs: this.monotonic() + delayMs, fire };
    const cancelReal = systemClock.setTimer(delayMs, fire);
    const cancel = (): void => {
      cancelReal();
      this.#timers.delete(timer);
    };
    this.#timers.add(timer);
    return cancel;
  };

  /** Puts the clock forward without letting timers fire, as when the process was frozen. */
  freeze(ms: number): void {
    this.#aheadMs += ms;
  }

  skip(ms: number): void {
    this.freeze(ms);
    for (const timer of [...this.#timers]) if (timer.dueMs <= this.monotonic()) timer.fire();
  }
}

/** A gateway with fakes behind it and real sockets in front. */
export class Harness implements AsyncDisposable {
  readonly gateway: GatewayService;
  readonly router: FakeRouter;
  readonly history = new FakeHistory();
  readonly clock = new SkippingClock();
  readonly #clients: TestClient[] = [];

  private constructor(overrides: Partial<GatewayDeps>) {
    const routers: FakeRouter[] = [];
    this.gateway = createGatewayService({
      listener: { host: '127.0.0.1', port: 0 },
      router: (events) => {
        const router = new FakeRouter(events);
        routers.push(router);
        return router;
      },
      history: this.history,
      group: fakeGroup(),
      room: fakeRoom(),
      appOf: (id) => [app, otherApp].find((candidate) => candidate.id === id),
      clock: this.clock,
      random: seededRandom(1),
      telemetry: silentTelemetry,
      ...overrides,
    });
    const [router] = routers;
    if (router === undefined) throw new Error('the gateway made no router');
    this.router = router;
  }

  static async start(overrides: Partial<GatewayDeps> = {}): Promise<Harness> {
    const harness = new Harness(overrides);
    await harness.gateway.start();
    return harness;
  }

  async client(subprotocol?: string): Promise<TestClient> {
    const client = await TestClient.open(this.gateway.port, subprotocol);
    this.#clients.push(client);
    return client;
  }

  /** A client that has logged in and whose subscriptions are active. */
  async member(user: string, device = 'phone'): Promise<TestClient> {
    const client = await this.client();
    await client.login(await tokenOf(user), device);
    await client.ask({ type: 'sync', value: {} });
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.socket.terminate();
    await this.gateway.stop();
  }
}

export const textContent = (text: string): Uint8Array => encodeContent({ kind: { type: 'text', value: { text } } });

export const eventBytes = (init: ConversationEventInit): Uint8Array => encodeConversationEvent(init);
