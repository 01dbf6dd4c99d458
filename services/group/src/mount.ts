import { GroupService } from '@parley/contracts/group';
import { createRouterClient } from '@parley/router-client';
import type { ServiceLife } from '@parley/runtime';
import { createGroupService } from './service.js';

/** Runs the group service in a process. */
export async function mountGroup({ platform, supervise, readyWhen }: ServiceLife): Promise<void> {
  const { log, directory, dialer, address, peer, partitions, clock, random, telemetry, clients, rules } = platform;
  const shared = { log, directory, partitions, clock, random, telemetry };
  const service = createGroupService({
    ...shared,
    address,
    peer,
    // Outcomes come back to this client alone, so it goes by a name of its own.
    connectRouter: (events) => createRouterClient({ ...shared, dialer, peer: `${peer}/group` }, events),
    history: clients.history,
    rules,
    owners: clients.group,
  });
  platform.server.serve(GroupService, service.handlers);
  supervise('group', (signal) => service.run(signal));
  readyWhen('group', () => service.owned.unreadyReason);
}
