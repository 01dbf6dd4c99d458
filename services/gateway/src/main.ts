import { runService } from '@parley/runtime';
import { mountGateway } from './mount.js';

await runService('gateway', async (life) => void (await mountGateway(life)));
