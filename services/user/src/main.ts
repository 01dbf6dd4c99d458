import { runService } from '@parley/runtime';
import { mountUser } from './mount.js';

await runService('user', mountUser);
