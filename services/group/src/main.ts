import { runService } from '@parley/runtime';
import { mountGroup } from './mount.js';

await runService('group', mountGroup);
