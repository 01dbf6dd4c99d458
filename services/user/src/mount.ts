import { UserService } from '@parley/contracts/user';
import { jsonWriter, loadDescriptors, publishProcess, type ServiceLife } from '@parley/runtime';
import { createUserService } from './service.js';

/** Runs the user service in a process. */
export async function mountUser({ platform, onStop }: ServiceLife): Promise<void> {
  const { directory, address, peer, partitions, clock, telemetry, clients } = platform;
  const { history, router, group, room, media, gateway } = clients;
  const toJson = jsonWriter(loadDescriptors());
  const service = createUserService({ history, router, group, room, media, gateway, toJson, partitions, clock, telemetry });
  platform.server.serve(UserService, service.handlers);
  const withdraw = await publishProcess({ service: 'user', directory, address, peer, clock });
  onStop('user', async () => {
    // Best effort: an entry that stays is passed over once nothing is heard of the process.
    await withdraw().catch((error: unknown) => telemetry.logger.warn('the user service could not take itself off the list', {}, error));
  });
}
