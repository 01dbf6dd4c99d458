import { median } from '../measure/percentiles.js';
import type { Round } from '../workloads/workload.js';
import { type TargetScope, targetOf, unitOf } from './targets.js';

/** One metric over all rounds. */
interface SummaryRow {
  readonly metric: string;
  readonly unit: string;
  readonly median: number;
  readonly rounds: readonly number[];
  /** `≤ 25` or `≥ 8000`; absent without a target. */
  readonly target?: string;
  readonly isMet?: boolean;
  readonly peers?: string;
}

export interface Summary {
  readonly rows: readonly SummaryRow[];
  /** Shares of a core, medians. */
  readonly cores: { readonly server: number; readonly generator: number; readonly others: number };
  readonly faults: readonly string[];
  readonly invalid: readonly string[];
}

/** Medians over the rounds beside their targets. Rounds that are invalid do not count while others are left. */
export function summarize(workload: string, rounds: readonly Round[], scope: TargetScope): Summary {
  const valid = rounds.filter((round) => round.invalid.length === 0);
  const counted = valid.length > 0 ? valid : rounds;
  const metrics = Object.keys(rounds[0]?.values ?? {});
  const share = (of: 'serverMs' | 'generatorMs' | 'othersMs'): number => median(counted.map(({ cpu }) => cpu[of] / cpu.wallMs));
  return {
    rows: metrics.map((metric) =>
      rowOf(
        workload,
        metric,
        counted.map(({ values }) => values[metric] ?? Number.NaN),
        scope,
      ),
    ),
    cores: { server: share('serverMs'), generator: share('generatorMs'), others: share('othersMs') },
    faults: rounds.flatMap(({ faults }, at) => faults.map((fault) => `round ${at + 1}: ${fault}`)),
    invalid: rounds.flatMap(({ invalid }, at) => invalid.map((reason) => `round ${at + 1}: ${reason}`)),
  };
}

function rowOf(workload: string, metric: string, rounds: readonly number[], scope: TargetScope): SummaryRow {
  const row = { metric, unit: unitOf(metric), median: median(rounds), rounds };
  const target = targetOf(workload, metric, scope);
  if (target === undefined) return row;
  const { atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY, peers } = target;
  return {
    ...row,
    target: target.atMost === undefined ? `≥ ${atLeast}` : `≤ ${atMost}`,
    isMet: row.median <= atMost && row.median >= atLeast,
    ...(peers === undefined ? {} : { peers }),
  };
}
