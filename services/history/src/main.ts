import { runService } from '@parley/runtime';
import { mountHistory } from './mount.js';

await runService('history', mountHistory);
