import type { LevelRow } from '../measure/level-row.js';
import { labelOf, sumOf } from '../measure/prometheus-text.js';
import type { Round } from './workload.js';

/** What the server's processes counted of one level, all together. */
interface ServerCounts {
  /** Turned away by the gateways, for a rate or for load. */
  readonly turnedAway: number;
  /** Put into lanes by the gateways. */
  readonly admitted: number;
  /** Taken from the lanes by the routers: what became of them. */
  readonly stored: number;
  readonly passed: number;
  readonly taken: number;
}

/** The server's own books of a level; undefined when it keeps none. */
function serverCounts(counters: NonNullable<Round['counters']>, level: string): ServerCounts | undefined {
  const all = Object.values(counters).map((grown) => new Map(Object.entries(grown)));
  const sum = (metric: string, labels: Readonly<Record<string, string>> = {}): number => {
    const isMeant = (name: string): boolean =>
      labelOf(name, 'level') === level && Object.entries(labels).every(([label, value]) => labelOf(name, label) === value);
    return all.reduce((total, grown) => total + sumOf(grown, metric, isMeant), 0);
  };
  const taken = sum('parley_router_taken_total');
  const admitted = sum('parley_gateway_admitted_total');
  if (taken === 0 && admitted === 0) return undefined;
  return {
    turnedAway: sum('parley_gateway_not_admitted_total') + sum('parley_gateway_shed_total', { stage: 'gateway' }),
    admitted,
    stored: sum('parley_router_taken_total', { result: 'stored' }),
    passed: sum('parley_router_taken_total', { result: 'passed' }),
    taken,
  };
}

/** Where the books of the server and of the generator disagree, in words. */
export function imbalancesOf(counters: NonNullable<Round['counters']>, { level, offered, accepted }: LevelRow): readonly string[] {
  const counts = serverCounts(counters, level);
  if (counts === undefined) return [];
  const { turnedAway, admitted, stored, passed, taken } = counts;
  const pairs: readonly (readonly [number, number, string])[] = [
    [offered, admitted + turnedAway, `${offered} messages were offered, the gateways admitted ${admitted} and turned ${turnedAway} away`],
    [admitted, taken, `the gateways admitted ${admitted} messages, the routers took ${taken}`],
    [accepted, stored + passed, `${accepted} messages were accepted, the routers stored ${stored} and passed ${passed} on`],
  ];
  return pairs.filter(([a, b]) => a !== b).map(([, , what]) => `${level}: ${what}`);
}
