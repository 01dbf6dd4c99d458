import { RouterService } from '@parley/contracts/router';
import type { ServiceLife } from '@parley/runtime';
import { createRouterService } from './service.js';

/** Runs the router in a process. */
export async function mountRouter({ platform, readyWhen, supervise }: ServiceLife): Promise<void> {
  const { log, directory, dialer, address, peer, partitions, clock, random, telemetry, policies, rules, clients } = platform;
  const service = createRouterService({
    ...{ log, directory, dialer, address, peer, partitions, clock, random, telemetry, policies, rules },
    history: clients.history,
  });
  platform.server.serve(RouterService, service.handlers);
  supervise('router', (signal) => service.run(signal));
  readyWhen('router', () => service.owned.unreadyReason);
  const served = telemetry.metrics.gauge('parley_router_partitions', 'Partitions that this process serves');
  served.observe(() => service.owned.servedCount);
}
