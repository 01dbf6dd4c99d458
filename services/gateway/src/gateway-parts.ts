import type { Outcome } from '@parley/contracts/router';
import type { EdgeListener } from '@parley/edge-listener';
import type { RouterClient, RouterClientEvents } from '@parley/router-client';
import { ChannelTable } from './channels/channel-table.js';
import { Deliveries } from './channels/deliveries.js';
import { Membership } from './channels/membership.js';
import { RoomStays } from './channels/room-stays.js';
import { Admission } from './inbound/admission.js';
import { actCommand, levelOfAct } from './inbound/act-command.js';
import { Inbound } from './inbound/inbound.js';
import { RateLimiter } from './inbound/rate-limiter.js';
import { assertGatewayLimits, type GatewayLimits, gatewayLimits } from './limits.js';
import { createGatewayMetrics, type GatewayMetrics } from './metrics.js';
import { chunkOf } from './outbound/chunk.js';
import { errorFrame, errorOfCode } from './outbound/frames.js';
import { Outbound } from './outbound/outbound.js';
import { LaneDoors } from './overload/lane-doors.js';
import { LoopLag } from './overload/loop-lag.js';
import type { GatewayDeps } from './ports.js';
import type { RequestDeps } from './requests/request-handler.js';
import { Connections } from './sessions/connections.js';
import { HandshakeGuard } from './sessions/handshake-guard.js';
import { userChannelPrefix } from './sessions/local-user.js';
import { LoginDesk } from './sessions/login-desk.js';
import { SessionTable } from './sessions/session-table.js';
import { TokenVerifier } from './sessions/token-verifier.js';
import { Watch } from './sessions/watch.js';

/** The parts of a gateway, put together. */
export interface GatewayParts {
  readonly limits: GatewayLimits;
  readonly metrics: GatewayMetrics;
  readonly router: RouterClient;
  readonly guard: HandshakeGuard;
  readonly outbound: Outbound;
  readonly sessions: SessionTable;
  readonly connections: Connections;
  readonly channels: ChannelTable;
  readonly loginDesk: LoginDesk;
  readonly inbound: Inbound;
  readonly loopLag: LoopLag;
  readonly watch: Watch;
}

/** What the parts need of the gateway that they belong to. */
export interface GatewayHost {
  readonly prepare: EdgeListener['prepare'];
  /** Aborted when the gateway stops. */
  readonly signal: AbortSignal;
}

const loopback = ['127.0.0.1', '::1'];
const watchSlotMs = 1_000;

/** Wires a gateway together. Throws when its limits contradict each other. */
export function createGatewayParts(deps: GatewayDeps, host: GatewayHost): GatewayParts {
  const { clock, random, telemetry, history, group, room, user, media, rules, jsonCodec, appOf } = deps;
  const limits = deps.limits ?? gatewayLimits;
  assertGatewayLimits(limits);
  const metrics = createGatewayMetrics(telemetry.metrics);
  const { logger } = telemetry;
  const router: RouterClient = deps.router({
    outcome: (outcome) => answerOutcome(outcome, connections, outbound, metrics),
    delivery: (delivery, linkClass) => {
      if (delivery.event.length > 0) metrics.deliveries.add(1);
      deliveries.deliver(delivery, linkClass);
    },
    subscribed: (...args) => onSubscribed(sessions, channels, membership, args),
  });
  const outbound = new Outbound({
    encoder: { listener: { prepare: host.prepare }, jsonCodec },
    limits,
    clock,
    metrics,
    onStuck: (connection) => connections.close(connection, 'SLOW_CONSUMER'),
  });
  const channels = new ChannelTable({ router, clock, limits });
  const onUserGone = channels.removeUser.bind(channels);
  const sessions = new SessionTable({ router, outbound, clock, random, limits, onUserGone });
  const connections = new Connections({ sessions, outbound, closes: metrics.closes });
  const membership = new Membership({ history, channels, sessions, clock, random, logger, limits, signal: host.signal });
  const deliveries = new Deliveries({
    peer: router.peer,
    channels,
    sessions,
    outbound,
    clock,
    bulkMembers: limits.bulkMembers,
    typingEveryMs: limits.typingEveryMs,
    onMembershipUnclear: (user, channel) => void membership.refresh(user, channel),
  });
  const verifier = new TokenVerifier({ appOf, clock, tokenLifetimeMsMax: limits.tokenLifetimeMsMax });
  const { logins } = metrics;
  const loginDesk = new LoginDesk({ verifier, sessions, connections, membership, outbound, clock, limits, logins });
  const whenReady = membership.whenReady.bind(membership);
  const rooms = new RoomStays({ channels, membership, clock, limits });
  const requests = {
    ...{ history, group, room, user, media, rules, random, limits, whenReady, rooms },
    expect: membership.expect.bind(membership),
    submitAct: actSubmitter(deps, router),
  };
  const { rateLimiter, loopLag, admission } = createDoors(deps, { router, limits, metrics });
  const inbound = new Inbound({
    router,
    connections,
    sessions,
    loginDesk,
    outbound,
    requests,
    rateLimiter,
    admission,
    loopLag,
    rules,
    jsonCodec,
    clock,
    logger,
    metrics,
    limits,
  });
  const watch = new Watch({ inbound, connections, outbound, clock, limits }, watchSlotMs);
  const guard = createGuard(deps, limits);
  observe(metrics, connections, sessions, channels);
  return { limits, metrics, router, guard, outbound, sessions, connections, channels, loginDesk, inbound, loopLag, watch };
}

function createDoors(
  { clock, policies, liveGateways, partitions }: GatewayDeps,
  { router, limits, metrics }: Pick<GatewayParts, 'router' | 'limits' | 'metrics'>,
) {
  const rateLimiter = new RateLimiter(limits.rates);
  const loopLag = new LoopLag(clock, limits.loopLagMsMax);
  metrics.loopLag.observe(() => loopLag.meanMs);
  const laneDoors = new LaneDoors({ router, partitions });
  const admission = new Admission({ policies, liveGateways, rateLimiter, loopLag, laneDoors, metrics });
  return { rateLimiter, loopLag, admission };
}

/** Puts what users do beside their frames into the lanes. */
function actSubmitter({ clock, rules }: GatewayDeps, router: RouterClient): RequestDeps['submitAct'] {
  return (app, user, conversation, act) => {
    const level = act.kind === undefined ? 'medium' : levelOfAct(act.kind.type);
    router.submit(level, actCommand({ app, user, conversation, act, ingressMs: clock.now() }, rules.rulesOf(app)));
  };
}

function createGuard({ listener }: GatewayDeps, limits: GatewayLimits): HandshakeGuard {
  return new HandshakeGuard({
    origins: listener.origins,
    unlimitedAddresses: listener.unlimitedAddresses ?? loopback,
    trustedProxies: listener.trustedProxies ?? [],
    perAddress: limits.handshakesPerAddress,
  });
}

function observe(metrics: GatewayMetrics, connections: Connections, sessions: SessionTable, channels: ChannelTable): void {
  metrics.connections.observe(() => connections.size);
  metrics.sessions.observe(() => sessions.size);
  metrics.channels.observe(() => channels.size);
}

/** Tells the sender what became of a message. */
function answerOutcome(outcome: Outcome, connections: Connections, outbound: Outbound, metrics: GatewayMetrics): void {
  const connection = connections.get(outcome.connection);
  metrics.outcomes.add(1, outcome.error === 0 ? 'accepted' : errorOfCode(outcome.error));
  if (outcome.error !== 0) metrics.refusals.add(1, errorOfCode(outcome.error));
  if (connection === undefined || outcome.request === 0) return;
  const { request: id, seq, messageId, timeMs, detail, retryAfterMs } = outcome;
  const frame =
    outcome.error === 0
      ? { id, body: { type: 'stored', value: { seq, messageId, timeMs } } as const }
      : errorFrame(id, { name: errorOfCode(outcome.error), detail, retryAfterMs });
  outbound.send(connection, chunkOf(frame));
}

function onSubscribed(
  sessions: SessionTable,
  channels: ChannelTable,
  membership: Membership,
  [app, name, , isFirst]: Parameters<RouterClientEvents['subscribed']>,
): void {
  if (!name.startsWith(userChannelPrefix)) {
    const channel = channels.get(app, name);
    if (channel !== undefined) membership.subscribed(channel, isFirst);
    return;
  }
  const user = sessions.user(app, name.slice(userChannelPrefix.length));
  if (user === undefined) return;
  user.isSubscribed = true;
  if (!isFirst) {
    // What was published meanwhile is unknown: clients sync, and that waits for the comparison.
    user.isReady = false;
    sessions.notify(user, chunkOf({ body: { type: 'resyncNeeded', value: {} } }));
  }
  if (user.sessions.length > 0) void membership.refresh(user);
}
