import { runService } from '@parley/runtime';
import { mountMedia } from './mount.js';

await runService('media', async (life) => {
  await mountMedia(life);
});
