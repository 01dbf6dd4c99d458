import { PushService } from '@parley/contracts/push';
import type { ServiceLife } from '@parley/runtime';
import { createPushService } from './service.js';

/** Runs push in a process. */
export async function mountPush({ platform, supervise, readyWhen }: ServiceLife): Promise<void> {
  const { log, directory, address, peer, partitions, clock, random, telemetry, clients } = platform;
  const store = await platform.pushStore();
  const service = createPushService({
    ...{ log, store, directory, address, peer, partitions, clock, random, telemetry },
    history: clients.history,
    router: clients.router,
  });
  platform.server.serve(PushService, service.handlers);
  supervise('push', (signal) => service.run(signal));
  readyWhen('push', () => service.owned.unreadyReason);
}
