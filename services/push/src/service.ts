import type { PushService as Contract } from '@parley/contracts/push';
import { topics } from '@parley/contracts/topics';
import { isAppId, isUserId, ParleyError } from '@parley/kernel';
import { OwnedPartitions, superviseOwnership } from '@parley/ownedlog';
import { announceReader, type ServiceHandlers } from '@parley/rpc';
import { pushLimits } from './limits.js';
import type { PushDeps } from './ports.js';
import { UnreachedFinder } from './unreached-finder.js';

/** Knows whom messages did not reach. */
export interface PushService {
  readonly handlers: ServiceHandlers<typeof Contract>;
  /** Follows the timeline until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>;
  readonly owned: OwnedPartitions;
}

export function createPushService(deps: PushDeps): PushService {
  const { log, clock, random, telemetry, address, peer, store } = deps;
  const owned = new OwnedPartitions();
  return {
    owned,
    handlers: {
      listUnreached: async ({ app, user }) => {
        if (!isAppId(app)) throw new ParleyError('INVALID_ARGUMENT', 'app: 1–64 of A-Z a-z 0-9 _ - .');
        if (!isUserId(user)) throw new ParleyError('INVALID_ARGUMENT', 'user: 1–32 of A-Z a-z 0-9 _ - .');
        const rows = await store.unreached(app, user, { limit: pushLimits.unreachedPage });
        return { conversations: rows.map(({ conversation, seq, count, timeMs }) => ({ conversation, seq, count, timeMs })) };
      },
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
