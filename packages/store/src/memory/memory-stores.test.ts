import { seededRandom, systemClock } from '@parley/kernel';
import { historyStoreContract, pushStoreContract } from '../contract/index.js';
import { createMemoryHistoryStore } from './memory-history-store.js';
import { createMemoryPushStore } from './memory-push-store.js';

let seed = 0;

historyStoreContract('memory', async () => ({
  clock: systemClock,
  isPersistent: false,
  deletesRetired: true,
  open: async () => createMemoryHistoryStore({ clock: systemClock, random: seededRandom(seed++) }),
  wipe: async () => {},
  dispose: async () => {},
}));

pushStoreContract('memory', async () => ({
  isPersistent: false,
  open: async () => createMemoryPushStore(),
  dispose: async () => {},
}));
