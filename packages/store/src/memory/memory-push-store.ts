import type { LogPosition } from '../history-store.js';
import { pageOfTexts } from '../merge-pages.js';
import type { PushStore, UnreachedRow } from '../push-store.js';
import { NestedMap } from './nested-map.js';

/** A push store that lives as long as the process. */
export function createMemoryPushStore(): PushStore {
  const checkpoints = new Map<number, LogPosition>();
  const users = new NestedMap<Map<string, UnreachedRow>>();
  return {
    checkpoint: async (partition) => checkpoints.get(partition),
    apply: async (partition, batch) => {
      const applied = checkpoints.get(partition);
      if (applied !== undefined && batch.checkpoint.offset < applied.offset) return;
      for (const row of batch.rows) users.getOrAdd(row.app, row.user, () => new Map()).set(row.conversation, row);
      checkpoints.set(partition, batch.checkpoint);
    },
    unreachedIn: async (app, user, conversation) => users.get(app, user)?.get(conversation),
    unreached: async (app, user, page) => {
      const rows = users.get(app, user) ?? new Map<string, UnreachedRow>();
      return pageOfTexts(rows.keys(), page).map((conversation) => rows.get(conversation) as UnreachedRow);
    },
    [Symbol.asyncDispose]: async () => {},
  };
}
