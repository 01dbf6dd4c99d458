import { runService } from '@parley/runtime';
import { mountPush } from './mount.js';

await runService('push', mountPush);
