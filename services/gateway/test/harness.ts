import { generateKeyPairSync } from 'node:crypto';
import { type AppRules, defaultRules, type RulesBook } from '@parley/domain';
import { type CancelTimer, type Clock, seededRandom, systemClock } from '@parley/kernel';
import { defaultPolicy, type PolicyBook, type ResolvedPolicy } from '@parley/lanes';
import { silentTelemetry } from '@parley/telemetry';
import { type ConversationEventInit, encodeContent, encodeConversationEvent } from '@parley/wire';
import { createSigner } from 'fast-jwt';
import {
  createGatewayService,
  type GatewayApp,
  type GatewayDeps,
  type GatewayLimits,
  gatewayLimits,
  type GatewayService,
  type RateLimits,
  type TokenAlgorithm,
} from '../src/index.js';
import { FakeRouter } from './fake-router.js';
import { FakeRoom } from './fake-room.js';
import { FakeGroup } from './fake-group.js';
import { FakeMedia } from './fake-media.js';
import { FakeHistory } from './fake-history.js';
import { FakeUser } from './fake-user.js';
import { TestClient } from './test-client.js';

export const secret = 'a secret of at least thirty-two bytes';
const pemPair = (type: 'ec' | 'ed25519' | 'rsa'): { readonly publicKey: string; readonly privateKey: string } => {
  const { publicKey, privateKey } =
    type === 'ec'
      ? generateKeyPairSync(type, { namedCurve: 'P-256' })
      : type === 'rsa'
        ? generateKeyPairSync(type, { modulusLength: 2048 })
        : generateKeyPairSync(type);
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
};
/** By the key's id. */
export const pairs = { k2: pemPair('ec'), k3: pemPair('ed25519'), k4: pemPair('rsa') } as const;

export const app: GatewayApp = {
  id: 'app',
  keys: [
    { id: 'k1', algorithm: 'HS256', key: secret },
    { id: 'k2', algorithm: 'ES256', key: pairs.k2.publicKey },
    { id: 'k3', algorithm: 'EdDSA', key: pairs.k3.publicKey },
    { id: 'k4', algorithm: 'RS256', key: pairs.k4.publicKey },
  ],
};
const otherApp: GatewayApp = { id: 'other', keys: [{ id: 'k1', algorithm: 'HS256', key: `${secret}, of the other app` }] };

export interface TokenOptions {
  readonly app?: string;
  readonly kid?: string;
  readonly secret?: string;
  readonly algorithm?: TokenAlgorithm;
  /** Seconds from now. */
  readonly issued?: number;
  readonly expires?: number;
}

/** A login token as an app's back end would make it; the options spoil it. */
export function tokenOf(user: string, options: TokenOptions = {}): string {
  const now = Math.floor(Date.now() / 1_000);
  const { algorithm = 'HS256', kid = 'k1', issued = 0, expires = 3_600 } = options;
  const sign = createSigner({ key: options.secret ?? secret, algorithm, kid });
  return sign({ iss: options.app ?? 'app', sub: user, iat: now + issued, exp: now + expires });
}

/** The gateway's limits with rates that do not come back while a test runs. */
export const limitsWith = (rates: Partial<Record<keyof RateLimits, number>>): GatewayLimits => {
  const changed = Object.entries(rates).map(([name, burst]) => [name, { perSecond: 0.001, burst }]);
  return { ...gatewayLimits, rates: { ...gatewayLimits.rates, ...Object.fromEntries(changed) } };
};

/** The machine's clock, which a test can put forward. Timers that become due fire at once. */
class SkippingClock implements Clock {
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

/** Policies that a test may change at any time. */
class FakePolicies implements PolicyBook {
  policy: ResolvedPolicy = defaultPolicy;
  policyOf = (): ResolvedPolicy => this.policy;
}

/** Rules that a test may change at any time. */
class FakeRules implements RulesBook {
  rules: AppRules = defaultRules;
  rulesOf = (): AppRules => this.rules;
}

/** A gateway with fakes behind it and real sockets in front. */
export class Harness implements AsyncDisposable {
  readonly gateway: GatewayService;
  readonly router: FakeRouter;
  readonly history = new FakeHistory();
  readonly room = new FakeRoom();
  readonly group = new FakeGroup();
  readonly user = new FakeUser();
  readonly media = new FakeMedia();
  readonly rules = new FakeRules();
  readonly policies = new FakePolicies();
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
      group: this.group,
      room: this.room,
      user: this.user,
      media: this.media,
      rules: this.rules,
      policies: this.policies,
      liveGateways: () => 1,
      partitions: 16,
      appOf: (id) => [app, otherApp].find((candidate) => candidate.id === id),
      clock: this.clock,
      random: seededRandom(1),
      telemetry: silentTelemetry,
      ...overrides,
      // The machine that runs the tests may be behind as well.
      limits: { ...(overrides.limits ?? gatewayLimits), loopLagMsMax: Number.POSITIVE_INFINITY },
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
    await client.login(tokenOf(user), device);
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
