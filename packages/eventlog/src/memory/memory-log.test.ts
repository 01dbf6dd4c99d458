import { systemClock } from '@parley/kernel';
import { eventLogContract } from '../contract/index.js';
import { createMemoryLog } from './memory-log.js';

const queueBytesMax = 100_000;

eventLogContract('memory', {
  isDurable: false,
  queueBytesMax,
  open: async () => {
    const log = createMemoryLog({ clock: systemClock, queueBytesMax });
    return { log, close: () => log[Symbol.asyncDispose]() };
  },
});
