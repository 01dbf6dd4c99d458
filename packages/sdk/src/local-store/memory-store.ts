import { KeptState } from './kept-state.js';
import type { LocalStore, StoreChange } from './local-store.js';

/** Keeps everything as long as the object lives: several clients, one after the other, may use it. For tests. */
export function memoryStore(): LocalStore {
  const state = new KeptState();
  let owner: string | undefined;
  return {
    open: async (user) => {
      if (owner !== user) state.clear();
      owner = user;
      return state.view;
    },
    events: async (conversation, range) => state.events(conversation, range),
    write: async (changes) => {
      for (const change of changes) state.apply(copied(change));
    },
    close: async () => {},
  };
}

/** Events are views into frames that the caller may use again. */
const copied = (change: StoreChange): StoreChange =>
  change.type === 'event' ? { ...change, value: { ...change.value, event: change.value.event.slice() } } : change;
