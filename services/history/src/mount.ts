import { HistoryService } from '@parley/contracts/history';
import type { ServiceLife } from '@parley/runtime';
import { createHistoryService } from './service.js';

/** Runs history in a process. */
export async function mountHistory({ platform, supervise }: ServiceLife): Promise<void> {
  const { log, directory, address, peer, partitions, clock, random, telemetry } = platform;
  const store = await platform.historyStore();
  const service = createHistoryService({ log, store, directory, address, peer, partitions, clock, random, telemetry });
  platform.server.serve(HistoryService, service.handlers);
  supervise('history', (signal) => service.run(signal));
}
