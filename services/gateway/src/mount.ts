import { readFile } from 'node:fs/promises';
import type { AppConfig, Config } from '@parley/config';
import { descriptorSetUrl } from '@parley/contracts/descriptors';
import { GatewayService } from '@parley/contracts/gateway';
import { createRouterClient } from '@parley/router-client';
import { publishGateway, type ServiceLife } from '@parley/runtime';
import { createJsonCodec } from './json-codec.js';
import { type GatewayLimits, gatewayLimits, type RateLimits } from './limits.js';
import type { GatewayApp, GatewayListenerOptions } from './ports.js';
import { createGatewayService } from './service.js';

/** Runs the gateway in a process; answers the port that clients connect to. */
export async function mountGateway({ platform, readyWhen, onStop }: ServiceLife): Promise<{ readonly port: number }> {
  const { config, log, directory, dialer, peer, partitions, policies, rules, clock, random, telemetry, clients } = platform;
  const apps = new Map(config.apps.map((app) => [app.id, gatewayApp(app)]));
  const service = createGatewayService({
    ...{ clock, random, telemetry },
    listener: listenerOptions(config),
    router: (events) => {
      const shared = { log, directory, dialer, partitions, clock, random, telemetry };
      return createRouterClient({ ...shared, peer: `${peer}/gateway` }, events);
    },
    history: clients.history,
    group: clients.group,
    room: clients.room,
    user: clients.user,
    media: clients.media,
    rules,
    appOf: (id) => apps.get(id),
    ...{ policies, partitions, liveGateways: () => platform.liveGateways() },
    jsonCodec: createJsonCodec(await readFile(descriptorSetUrl)),
    limits: limitsOf(config),
  });
  platform.server.serve(GatewayService, service.handlers);
  await service.start();
  const withdraw = await publishGateway({ directory, address: platform.address, peer, clock });
  let isDraining = false;
  readyWhen('gateway', () => (isDraining ? 'the gateway is draining' : undefined));
  onStop('gateway', async () => {
    isDraining = true;
    await service.drain();
    // Best effort: an entry that stays names a gateway that cannot be reached, and such a one is passed over.
    await withdraw().catch((error: unknown) => telemetry.logger.warn('the gateway could not take itself off the list', {}, error));
    await service.stop();
  });
  return { port: service.port };
}

function listenerOptions({ edge }: Config): GatewayListenerOptions {
  const { host, port, implementation, allowedOrigins, trustedProxies } = edge;
  return { host, port, implementation, trustedProxies, ...(allowedOrigins.includes('*') ? {} : { origins: allowedOrigins }) };
}

/** The gateway takes most of the time that a stop may take; the rest is for what stops behind it. */
function limitsOf({ drainMs }: Config): GatewayLimits {
  const drainWithinMs = Math.floor(drainMs * 0.7);
  return { ...gatewayLimits, drainWithinMs, drainSpreadMs: Math.floor(drainWithinMs / 2) };
}

function gatewayApp({ id, keys, limits }: AppConfig): GatewayApp {
  return {
    id,
    keys: keys.map(({ kid, alg, secret, publicKeyPem }) => ({ id: kid, algorithm: alg, key: secret ?? publicKeyPem ?? '' })),
    ...(limits.textBytesMax === undefined ? {} : { textBytesMax: limits.textBytesMax }),
    ...(limits.heartbeatMs === undefined ? {} : { heartbeatMs: limits.heartbeatMs }),
    ...(limits.sessionsPerUser === undefined ? {} : { sessionsPerUserMax: limits.sessionsPerUser }),
    rates: ratesOf(limits),
  };
}

function ratesOf(limits: AppConfig['limits']): Partial<RateLimits> {
  const { frames, stored, command, bullet } = gatewayLimits.rates;
  const storedPerSecond = limits.sendsPerSecond ?? stored.perSecond;
  const commandsPerSecond = limits.commandsPerSecond ?? command.perSecond;
  const bulletsPerSecond = limits.bulletsPerSecond ?? bullet.perSecond;
  const storedBurst = Math.max(limits.sendBurst ?? stored.burst, storedPerSecond);
  // All that may be sent must also fit through the door.
  const framesPerSecond = Math.max(frames.perSecond, 2 * (storedPerSecond + commandsPerSecond + bulletsPerSecond));
  return {
    frames: { perSecond: framesPerSecond, burst: Math.max(frames.burst, 2 * framesPerSecond, 2 * storedBurst) },
    stored: { perSecond: storedPerSecond, burst: storedBurst },
    command: { perSecond: commandsPerSecond, burst: Math.max(command.burst, commandsPerSecond) },
    bullet: { perSecond: bulletsPerSecond, burst: Math.max(bullet.burst, bulletsPerSecond) },
  };
}
