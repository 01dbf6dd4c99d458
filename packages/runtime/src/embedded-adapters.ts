import { join } from 'node:path';
import { openLmdbLog } from '@parley/eventlog';
import { createInProcessRpc } from '@parley/rpc';
import { openLmdbHistoryStore, openLmdbPushStore } from '@parley/store';
import { type AdapterDeps, type Adapters, faultReporter } from './adapters.js';
import { Opened } from './opened.js';

/** Everything in this process and in one folder. */
export function createEmbeddedAdapters(deps: AdapterDeps): Adapters {
  const { config, clock, random, telemetry } = deps;
  const inFolder = (name: string): string => join(config.dataDir, name);
  const stores = new Opened();
  return {
    openLog: () =>
      openLmdbLog({
        path: inFolder('log'),
        clock,
        onSweepFailed: (error) => telemetry.logger.warn('old records could not be removed', {}, error),
      }),
    openHistoryStore: async () => {
      const onCompactionFailed = (error: unknown): void =>
        telemetry.logger.warn('the history file could not be written anew, so that erased text is still in it', {}, error);
      return stores.add(await openLmdbHistoryStore({ path: inFolder('history'), clock, random, onCompactionFailed }));
    },
    openPushStore: async () => stores.add(await openLmdbPushStore({ path: inFolder('push'), clock, random })),
    closeStores: async () => stores[Symbol.asyncDispose](),
    openRpc: async () => {
      const rpc = createInProcessRpc({ clock, onFault: faultReporter(deps) });
      return { server: rpc.server(), dialer: rpc.dialer };
    },
  };
}
