import { HistoryService } from '@parley/contracts/history';
import type { ServiceLife } from '@parley/runtime';
import { createHistoryService } from './service.js';

/** Runs history in a process. */
export async function mountHistory({ platform, supervise, readyWhen }: ServiceLife): Promise<void> {
  const { log, directory, address, peer, partitions, clock, random, telemetry, rules } = platform;
  const store = await platform.historyStore();
  const service = createHistoryService({ log, store, directory, address, peer, partitions, clock, random, telemetry, rules });
  platform.server.serve(HistoryService, service.handlers);
  supervise('history', (signal) => service.run(signal));
  readyWhen('history', () => service.owned.unreadyReason);
  const served = telemetry.metrics.gauge('parley_history_partitions', 'Partitions that this process projects');
  served.observe(() => service.owned.servedCount);
}
