import type { Counters } from '../chat/chat-server.js';
import { increases } from '../measure/prometheus-text.js';

/** How much each counter grew, by process. Buckets of histograms are left out: nobody adds them up. */
export function counterIncreases(
  before: ReadonlyMap<string, Counters>,
  after: ReadonlyMap<string, Counters>,
): Readonly<Record<string, Readonly<Record<string, number>>>> {
  const found = [...after].map(([name, counters]) => {
    const grown = [...increases(before.get(name) ?? new Map(), counters)].filter(([metric]) => isCount(metric));
    return [name, Object.fromEntries(grown)] as const;
  });
  return Object.fromEntries(found);
}

const isCount = (metric: string): boolean => metric.startsWith('parley_') && /_total(\{|$)/.test(metric);
