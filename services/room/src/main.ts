import { runService } from '@parley/runtime';
import { mountRoom } from './mount.js';

await runService('room', mountRoom);
