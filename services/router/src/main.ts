import { runService } from '@parley/runtime';
import { mountRouter } from './mount.js';

await runService('router', mountRouter);
