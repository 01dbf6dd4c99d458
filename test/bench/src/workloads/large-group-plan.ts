import type { Spread } from '../measure/percentiles.js';
import type { CpuUse } from '../measure/process-meter.js';
import type { BenchSettings } from './workload.js';

/** What messages cost in a group of a size with so many online. */
export interface GroupCost {
  readonly size: number;
  readonly online: number;
  /** CPU of the server per message, what it uses anyhow taken off, µs. */
  readonly cpuUs: number;
  /** To the last member who is online, milliseconds. */
  readonly last: Spread;
  readonly lag: Spread;
  readonly cpu: CpuUse;
  readonly faults: readonly string[];
}

/** Sizes of the groups: a small one, a full one of the default size, a large one; none smaller than those who are online. */
export const sizesOf = ({ members, online }: Pick<BenchSettings, 'members' | 'online'>): readonly number[] => [
  ...new Set([500, 50, 1].map((part) => Math.max(online, Math.ceil(members / part)))),
];

/** A tenth of those who may be online, and all. At least two: one writes, one reads. */
export const onlineCounts = ({ online }: Pick<BenchSettings, 'online'>): readonly number[] => [
  ...new Set([10, 1].map((part) => Math.max(2, Math.ceil(online / part)))),
];

/** How much more a message costs in each group than in the next smaller one with as many online. */
export function costRatios(costs: readonly GroupCost[]): Readonly<Record<string, number>> {
  const pairs = costs.flatMap((cost) => {
    const smaller = costs.filter(({ online, size }) => online === cost.online && size < cost.size).sort((a, b) => b.size - a.size)[0];
    return smaller === undefined
      ? []
      : [[`CPU ${cost.size} over ${smaller.size}, ${cost.online} online`, cost.cpuUs / smaller.cpuUs] as const];
  });
  return Object.fromEntries(pairs);
}
