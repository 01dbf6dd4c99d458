import type { ServiceName } from '@parley/config';
import type { ServiceLife } from '@parley/runtime';
import { mountGateway } from '@parley/service-gateway';
import { mountGroup } from '@parley/service-group';
import { mountHistory } from '@parley/service-history';
import { mountMedia } from '@parley/service-media';
import { mountPush } from '@parley/service-push';
import { mountRoom } from '@parley/service-room';
import { mountRouter } from '@parley/service-router';
import { mountUser } from '@parley/service-user';

/** In the order in which they start; they stop the other way round. */
const mounts: readonly (readonly [ServiceName, (life: ServiceLife) => Promise<unknown>])[] = [
  ['history', mountHistory],
  ['router', mountRouter],
  ['push', mountPush],
  ['group', mountGroup],
  ['room', mountRoom],
  ['media', mountMedia],
  ['user', mountUser],
];

/** Runs the configured services in one process; answers the gateway's port, or 0 without a gateway. */
export async function mountAll(life: ServiceLife): Promise<{ readonly edgePort: number }> {
  const { services } = life.platform.config;
  for (const [name, mount] of mounts) if (services.includes(name)) await mount(life);
  if (!services.includes('gateway')) return { edgePort: 0 };
  const { port } = await mountGateway(life);
  return { edgePort: port };
}
