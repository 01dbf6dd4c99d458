import { systemRandom } from '@parley/kernel';
import { runService } from '@parley/runtime';
import { demoKeys, withDemo } from './demo.js';
import { mountAll } from './mount-all.js';
import { welcome } from './welcome.js';

await runService('standalone', async (life) => welcome(life, (await mountAll(life)).edgePort), {
  adjust: (config) => (config.mode === 'embedded' ? withDemo(config, demoKeys(config.dataDir, systemRandom)) : config),
});
