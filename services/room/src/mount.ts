import { RoomService } from '@parley/contracts/room';
import { createRouterClient } from '@parley/router-client';
import type { ServiceLife } from '@parley/runtime';
import { createRoomService } from './service.js';

/** Runs the room service in a process. */
export async function mountRoom({ platform, supervise, readyWhen }: ServiceLife): Promise<void> {
  const { log, directory, dialer, address, peer, partitions, clock, random, telemetry, clients } = platform;
  const shared = { log, directory, partitions, clock, random, telemetry };
  const service = createRoomService({
    ...shared,
    address,
    peer,
    // Outcomes come back to this client alone, so it goes by a name of its own.
    connectRouter: (events) => createRouterClient({ ...shared, dialer, peer: `${peer}/room` }, events),
    presence: {
      online: async (app, users, signal) => new Set((await clients.router.queryPresence({ app, users }, { signal })).online),
    },
    owners: clients.room,
  });
  platform.server.serve(RoomService, service.handlers);
  supervise('room', (signal) => service.run(signal));
  readyWhen('room', () => service.owned.unreadyReason);
}
