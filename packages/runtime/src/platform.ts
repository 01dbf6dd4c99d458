import { hostname } from 'node:os';
import type { Config } from '@parley/config';
import type { RulesBook } from '@parley/domain';
import type { EventLog } from '@parley/eventlog';
import { type Clock, type Random, randomId, systemClock, systemRandom } from '@parley/kernel';
import type { PolicyBook } from '@parley/lanes';
import type { OwnerDirectory, RpcDialer, RpcServer } from '@parley/rpc';
import type { HistoryStore, PushStore } from '@parley/store';
import { createNodeTelemetry, type NodeTelemetry } from '@parley/telemetry-node';
import type { AdapterDeps, Adapters } from './adapters.js';
import { LiveProcesses } from './live-processes.js';
import { openLogDirectory } from './log-directory.js';
import { Opened } from './opened.js';
import { openPolicyBook } from './policy-book.js';
import { servePolicies } from './policy-service.js';
import { gatewayService } from './publish-process.js';
import { createRulesBook } from './rules-book.js';
import { createServiceClients, type ServiceClients, statelessServices } from './service-clients.js';
import { topicSpecs } from './topic-specs.js';

/** What every service runs on. Disposal ends the calls first, then closes stores and log. */
export interface Platform extends AsyncDisposable {
  readonly config: Config;
  readonly log: EventLog;
  /** Opens the store on first use; the platform closes it. */
  historyStore(): Promise<HistoryStore>;
  /** Opens the store on first use; the platform closes it. */
  pushStore(): Promise<PushStore>;
  readonly directory: OwnerDirectory;
  /** What each app may send: as configured, or as set while the system runs. */
  readonly policies: PolicyBook;
  /** What each app lets its users do, as configured. */
  readonly rules: RulesBook;
  /** How many gateways share what an app may send; at least 1. */
  liveGateways(): number;
  readonly server: RpcServer;
  readonly dialer: RpcDialer;
  /** Where other processes reach this one. */
  readonly address: string;
  /** Clients for the services of the whole system. */
  readonly clients: ServiceClients;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: NodeTelemetry;
  /** Id of this process: another after each start. */
  readonly peer: string;
  readonly partitions: number;
}

/** What may be replaced, for tests. */
export interface PlatformOptions {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly telemetry?: NodeTelemetry;
}

/** Opens log, calls and directory for the mode of the configuration, creates missing topics, serves the calls about policies. */
export async function createPlatform(config: Config, options: PlatformOptions = {}): Promise<Platform> {
  const { clock = systemClock, random = systemRandom } = options;
  const peer = newPeerId(random);
  const telemetry = options.telemetry ?? createNodeTelemetry({ level: config.logging.level, fields: { peer } });
  const adapters = await loadAdapters({ config, peer, clock, random, telemetry });
  const opened = new Opened();
  const calls = new Opened();
  const close = async (): Promise<void> => {
    await calls[Symbol.asyncDispose]();
    await adapters.closeStores();
    await opened[Symbol.asyncDispose]();
  };
  try {
    const log = opened.add(await adapters.openLog());
    await log.createTopics(topicSpecs(config));
    const following = { log, clock, random, logger: telemetry.logger };
    const directory = opened.add(await openLogDirectory(following));
    const gateways = new LiveProcesses(gatewayService, directory, clock);
    const stateless = new Map(statelessServices.map((name) => [name as string, new LiveProcesses(name, directory, clock)]));
    const livePeersOf = (service: string) => stateless.get(service)?.list() ?? directory.peersOf(service);
    const policies = opened.add(await openPolicyBook({ ...following, config }));
    const { server, dialer } = await adapters.openRpc();
    calls.add(dialer);
    calls.add(server);
    servePolicies(server, policies);
    const { partitions } = config;
    return {
      ...{ config, log, directory, policies, server, dialer, clock, random, telemetry, peer, partitions },
      rules: createRulesBook(config),
      liveGateways: () => Math.max(1, gateways.list().length),
      address: server.address,
      clients: createServiceClients({ dialer, directory, livePeersOf, partitions, clock, random }),
      historyStore: once(() => adapters.openHistoryStore()),
      pushStore: once(() => adapters.openPushStore()),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Only the adapters of the mode are loaded. */
async function loadAdapters(deps: AdapterDeps): Promise<Adapters> {
  if (deps.config.mode === 'embedded') return (await import('./embedded-adapters.js')).createEmbeddedAdapters(deps);
  return (await import('./cluster-adapters.js')).createClusterAdapters(deps);
}

/** Names the machine for whoever reads logs; the rest makes it unique. */
function newPeerId(random: Random): string {
  const machine = hostname()
    .replace(/[^A-Za-z0-9-]/g, '-')
    .slice(0, 32);
  return `${machine}-${randomId(random, 8)}`;
}

/** The first call's promise for every call; a failed one may be tried again. */
function once<T>(open: () => Promise<T>): () => Promise<T> {
  let opening: Promise<T> | undefined;
  return () => {
    opening ??= open().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };
}
