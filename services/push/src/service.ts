import type { PushService as Contract } from '@parley/contracts/push';
import { topics } from '@parley/contracts/topics';
import { superviseOwnership } from '@parley/ownedlog';
import type { ServiceHandlers } from '@parley/rpc';
import { pushLimits } from './limits.js';
import type { PushDeps } from './ports.js';
import { UnreachedFinder } from './unreached-finder.js';

/** Knows whom messages did not reach. */
export interface PushService {
  readonly handlers: ServiceHandlers<typeof Contract>;
  /** Follows the timeline until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>;
}

export function createPushService(deps: PushDeps): PushService {
  const { log, clock, random, telemetry, directory, address, peer, store } = deps;
  return {
    handlers: {
      listUnreached: async ({ app, user }) => {
        const rows = await store.unreached(app, user, { limit: pushLimits.unreachedPage });
        return { conversations: rows.map(({ conversation, seq, count, timeMs }) => ({ conversation, seq, count, timeMs })) };
      },
    },
    run: async (signal) => {
      const run = async (partition: number, stop: AbortSignal): Promise<void> => {
        await directory.publish({ service: 'push', partition, fence: 0, address, peer });
        await new UnreachedFinder(partition, deps).run(stop);
      };
      await superviseOwnership({ log, clock, random, telemetry, group: 'push', topics: [topics.timeline], signal, run });
    },
  };
}
