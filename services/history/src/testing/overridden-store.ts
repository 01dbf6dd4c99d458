import type { HistoryStore } from '@parley/store';

/** The store with some of its methods replaced. */
export function overriddenStore(store: HistoryStore, methods: Partial<HistoryStore>): HistoryStore {
  return new Proxy(store, {
    get: (target, name) => {
      const replaced: unknown = Reflect.get(methods, name);
      if (replaced !== undefined) return replaced;
      const own: unknown = Reflect.get(target, name, target);
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });
}
