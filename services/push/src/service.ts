import type { PushService as Contract } from '@parley/contracts/push';
import { topics } from '@parley/contracts/topics';
import { OwnedPartitions, superviseOwnership } from '@parley/ownedlog';
import { announceReader, type ServiceHandlers } from '@parley/rpc';
import type { PushDeps } from './ports.js';
import { listUnreached } from './rpc/list-unreached.js';
import { UnreachedFinder } from './unreached-finder.js';

/** Knows whom messages did not reach. */
export interface PushService {
  readonly handlers: ServiceHandlers<typeof Contract>;
  /** Follows the timeline until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>;
  readonly owned: OwnedPartitions;
}

export function createPushService(deps: PushDeps): PushService {
  const { log, clock, random, telemetry, address, peer } = deps;
  const owned = new OwnedPartitions();
  return {
    owned,
    handlers: {
      listUnreached: (request, { signal, trace }) => listUnreached(deps, request, { signal, trace }),
    },
    run: async (signal) => {
      const run = async (partition: number, stop: AbortSignal): Promise<void> => {
        const withdraw = await announceReader(deps, { service: 'push', partition, fence: 0, address, peer });
        const ended = owned.serving(partition);
        await new UnreachedFinder(partition, deps).run(stop).finally(() => {
          ended();
          withdraw();
        });
      };
      await superviseOwnership({ log, clock, random, telemetry, group: 'push', topics: [topics.timeline], signal, run, owned });
    },
  };
}
